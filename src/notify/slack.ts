import { familyRevision, resourceName, taskId } from '../base/arn.ts';
import { serviceConsoleUrl, taskConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import { type Outcome, reasonOf } from '../outcome.ts';
import type { RolloutOutcome, TaskOutcome } from '../records/schema.ts';
import type { DeploymentOutcome } from './deployment-outcome.ts';
import { escapeSlack } from './slack-markup.ts';
import { clip, codeBlock, link, sectionLimit } from './slack-text.ts';

/** A message as Slack's Web API and webhooks take it. */
export interface SlackMessage {
  /** What notifications show, and the whole message where there are no blocks. */
  text: string;
  blocks?: SlackBlock[];
}

/** The blocks that we use. */
export type SlackBlock =
  | { type: 'section'; text: SlackText }
  | { type: 'section'; fields: SlackText[] }
  | { type: 'context'; elements: SlackText[] };
export interface SlackText {
  type: 'mrkdwn';
  text: string;
}

export type CiFacts = Partial<
  Record<'branch' | 'tag' | 'commit' | 'job' | 'buildUrl' | 'username' | 'project', string>
>;

/** A user's own text: sent as it is. */
export function ownMessage(text: string, mentions: readonly string[]): SlackMessage {
  return { text: clip([text, ...(mentions.length > 0 ? [mentions.join(' ')] : [])].join('\n'), 39_000) };
}

/** The message made from the records: what, where, who, how long; on red which stage, why, its last lines and what to do. */
export function recordsMessage(outcome: DeploymentOutcome, ci: CiFacts, mentions: readonly string[]): SlackMessage {
  const facts = { ...ciOf(outcome.stages), ...ci };
  const title = titleOf(outcome, facts);
  const blocks: SlackBlock[] = [section([title, ...mentions].join(' '))];
  const fields = fieldsOf(outcome.stages, facts);
  if (fields.length > 0) blocks.push({ type: 'section', fields: fields.slice(0, 10).map(mrkdwn) });
  if (outcome.status === 'fail' && outcome.failed.length === 0) {
    blocks.push(section('No stage left a record of its failure: the log of the job says why.'));
  }
  for (const record of outcome.failed.slice(0, 10)) blocks.push(...failureBlocks(record));
  const links = linksOf(outcome, facts);
  if (links.length > 0) blocks.push({ type: 'context', elements: links.slice(0, 10).map(mrkdwn) });
  return { text: [title, ...mentions].join(' '), blocks };
}

function titleOf({ status, stages, failed }: DeploymentOutcome, ci: CiFacts): string {
  const branch = ci.tag ?? ci.branch;
  const from = branch === undefined ? '' : ` from ${branch}`;
  if (stages.length === 0) {
    const job = `${ci.project ?? 'CircleCI'}: ${ci.job ?? 'the job'}`;
    const on = branch === undefined ? '' : ` on ${branch}`;
    return escapeSlack(status === 'pass' ? `✅ ${job} passed${on}` : `❌ ${job} failed${on}`);
  }
  const what = subject(stages) ?? ci.project ?? 'The deployment';
  if (status === 'pass') return escapeSlack(`✅ ${what}: ${achieved(stages)}${from}`);
  const stage = failed[0] === undefined ? '' : `: ${failed.map((record) => stageWords(record)).join(', ')}`;
  return escapeSlack(`❌ ${what}: deployment${from} failed${stage}`);
}

/** What the last stage did: an image alone is not a deployment. */
function achieved(stages: readonly Outcome[]): string {
  const verdicts = new Set(stages.filter(isRollout).map(({ verdict }) => verdict));
  if (verdicts.has('not-verified')) return 'updated, not verified: no task runs';
  if (verdicts.has('started')) return 'update started, not verified';
  if (verdicts.has('paused')) return 'paused, waits for an answer';
  if (verdicts.has('deployed')) return 'deployed';
  if (verdicts.has('rolled-back')) return 'rolled back, as asked for';
  if (verdicts.has('unchanged')) return 'nothing changed';
  return stages.some(isTask) ? 'migrated' : 'image built';
}

const isRollout = (outcome: Outcome): outcome is RolloutOutcome => 'service' in outcome;
const isTask = (outcome: Outcome): outcome is TaskOutcome =>
  outcome.stage === 'run-migration-task' || outcome.stage === 'wait-for-task';

/** `web, api on prod`, as far as the records know. */
function subject(stages: readonly Outcome[]): string | undefined {
  const services = stages.filter(isRollout).map(({ service }) => service);
  const clusters = [
    ...new Set(stages.flatMap((record) => ('cluster' in record ? [resourceName(record.cluster)] : []))),
  ];
  const names = services.map(resourceName).join(', ');
  if (clusters.length === 0) {
    const build = stages.find((record) => record.stage === 'build-and-push-image');
    return build === undefined ? undefined : resourceName(build.repository);
  }
  return names === '' ? clusters.join(', ') : `${names} on ${clusters.join(', ')}`;
}

const stageWords = (outcome: Outcome): string => `${stageName(outcome)} ${outcome.verdict.replaceAll('-', ' ')}`;

function stageName({ stage, name }: Outcome): string {
  const names = {
    'build-and-push-image': 'image',
    'run-migration-task': 'migration',
    'wait-for-task': 'migration',
    'update-service-and-verify': 'rollout',
    'rollback-service': 'rollback',
    'continue-deployment': 'rollout',
  } as const;
  return `${names[stage]}${name === undefined ? '' : ` ${name}`}`;
}

function fieldsOf(stages: readonly Outcome[], ci: CiFacts): string[] {
  const build = stages.find((record) => record.stage === 'build-and-push-image');
  const rollouts = stages.filter(isRollout);
  const tasks = stages.filter(isTask);
  const definition = rollouts[0]?.taskDefinition ?? tasks[0]?.taskDefinition;
  const image = build?.image ?? rollouts[0]?.images?.[0]?.image;
  const commit = ci.commit ?? stages[0]?.commit;
  const field = (name: string, value: string | undefined): string[] =>
    value === undefined || value === '' ? [] : [clip(`*${name}*\n${escapeSlack(value)}`, 2_000)];
  const clusters = [...new Set([...tasks, ...rollouts].map(({ cluster }) => resourceName(cluster)))];
  return [
    ...field('Environment', clusters.join(', ')),
    ...field('Service', rollouts.map(({ service }) => resourceName(service)).join(', ')),
    ...field('Image', image),
    ...field('Task definition', definition === undefined ? undefined : familyRevision(definition)),
    ...field('Commit', commit?.slice(0, 12)),
    ...field('By', ci.username),
    ...field('Took', durations(stages)),
  ];
}

function durations(stages: readonly Outcome[]): string {
  return stages
    .flatMap((record) => {
      if (record.finishedAt === undefined) return [];
      const ms = Date.parse(record.finishedAt) - Date.parse(record.startedAt);
      return [`${stageName(record)} ${formatDuration(ms)}`];
    })
    .join(', ');
}

function failureBlocks(record: Outcome): SlackBlock[] {
  const { quote, meaning, cause, said, fix } = reasonOf(record);
  const because = [meaning, cause, said].filter((text) => text !== undefined).join(' ');
  const servesNow = isRollout(record) ? record.servesNow : undefined;
  const lines = [
    `*${escapeSlack(stageWords(record))}*${exitOf(record)}`,
    ...(quote === undefined ? [] : [codeBlock([quote.line], 700)]),
    ...(because === '' ? [] : [escapeSlack(because)]),
    ...(servesNow === undefined ? [] : [`*Serves now:* ${escapeSlack(familyRevision(servesNow))}`]),
    ...(fix === undefined ? [] : [`*Fix:* ${escapeSlack(fix)}`]),
  ];
  const log = logOf(record);
  return [section(lines.join('\n')), ...(log.length === 0 ? [] : [section(codeBlock(log.slice(-15), sectionLimit))])];
}

/** The exit code of what failed. */
function exitOf(record: Outcome): string {
  if (!isRollout(record)) return record.exitCode === undefined ? '' : ` (exit code ${record.exitCode})`;
  const containers = (record.failedTasks ?? []).flatMap((task) => task.containers ?? []);
  const code = containers.find(({ exitCode = 0 }) => exitCode !== 0)?.exitCode;
  return code === undefined ? '' : ` (container exit code ${code})`;
}

function logOf(record: Outcome): readonly string[] {
  const own = record.logTail ?? [];
  const ofTasks = isRollout(record) ? (record.failedTasks ?? []).flatMap(({ logTail = [] }) => logTail) : [];
  return [...own, ...ofTasks].find(({ lines }) => lines.length > 0)?.lines ?? [];
}

function linksOf({ stages, failed }: DeploymentOutcome, ci: CiFacts): string[] {
  const job = ci.buildUrl === undefined ? [] : [link(ci.buildUrl, `CircleCI job ${ci.job ?? ''}`.trim())];
  const interesting = failed.length > 0 ? failed : stages;
  return [...job, ...interesting.flatMap(consoleLinks)];
}

function consoleLinks(record: Outcome): string[] {
  const { region } = record;
  if (region === undefined || record.stage === 'build-and-push-image') return [];
  if (isRollout(record)) {
    const url = serviceConsoleUrl(region, record.cluster, record.service, 'deployments');
    return [link(url, `deployments of ${resourceName(record.service)}`)];
  }
  if (record.taskArn === undefined) return [];
  return [link(taskConsoleUrl(region, record.cluster, record.taskArn), `task ${taskId(record.taskArn).slice(0, 8)}`)];
}

/** The newest record's facts, for a notification that runs outside a job. */
function ciOf(stages: readonly Outcome[]): CiFacts {
  return (stages.findLast(({ ci }) => ci !== undefined)?.ci ?? {}) as CiFacts;
}

const mrkdwn = (text: string): SlackText => ({ type: 'mrkdwn', text });
const section = (text: string): SlackBlock => ({ type: 'section', text: mrkdwn(clip(text, sectionLimit)) });
