import { familyRevision, resourceName, taskId } from '../base/arn.ts';
import { commitUrl } from '../base/circleci.ts';
import { serviceConsoleUrl, taskConsoleUrl } from '../base/console-url.ts';
import { formatDuration } from '../base/duration.ts';
import { isGreen, type Outcome, reasonOf } from '../outcome.ts';
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
  Record<'branch' | 'tag' | 'commit' | 'job' | 'buildUrl' | 'username' | 'owner' | 'project' | 'repositoryUrl', string>
>;

/** A user's own text: sent as it is. */
export function ownMessage(text: string, mentions: readonly string[]): SlackMessage {
  return { text: clip([text, ...(mentions.length > 0 ? [mentions.join(' ')] : [])].join('\n'), 39_000) };
}

/**
 * The message made from the records: what, where, who, how long; on red which stage, why, its last lines and what to do.
 * A message that later stages bring up to date is `living`: it leaves the last lines to its thread.
 */
export function recordsMessage(
  outcome: DeploymentOutcome,
  ci: CiFacts,
  mentions: readonly string[],
  { living = false }: { living?: boolean } = {},
): SlackMessage {
  const facts = { ...ciOf(outcome.stages), ...ci };
  const title = titleOf(outcome, facts, living);
  const blocks: SlackBlock[] = [section([title, ...mentions].join(' '))];
  blocks.push(...stageBlocks(outcome.stages));
  const fields = fieldsOf(outcome.stages, facts);
  if (fields.length > 0) blocks.push({ type: 'section', fields: fields.slice(0, 10).map(mrkdwn) });
  if (outcome.status === 'fail' && outcome.failed.length === 0) {
    blocks.push(section('No stage left a record of its failure: the log of the job says why.'));
  }
  for (const record of outcome.failed.slice(0, 10)) {
    blocks.push(failureBlock(record), ...(living ? [] : logBlocks(record)));
  }
  const links = linksOf(outcome, facts);
  if (links.length > 0) blocks.push({ type: 'context', elements: links.slice(0, 10).map(mrkdwn) });
  return { text: [title, ...mentions].join(' '), blocks };
}

/** The last lines of what failed, as an answer in the message's thread; undefined where there are none. */
export function logReply(record: Outcome): SlackMessage | undefined {
  const [block] = logBlocks(record);
  if (block === undefined) return undefined;
  const text = `Last log lines: ${escapeSlack(stageWords(record, true))}`;
  return { text: clip(text, 3_000), blocks: [section(`*${clip(text, 500)}*`), block] };
}

/** A line a stage: sign, what it is, how it went, how long it took. */
function stageBlocks(stages: readonly Outcome[]): SlackBlock[] {
  const lines = stages.map((record) => {
    const { startedAt, finishedAt, verdict } = record;
    const sign = !isGreen(record) ? '❌' : isUnproved(record) ? '⚠️' : '✅';
    const tookMs = finishedAt === undefined ? undefined : Date.parse(finishedAt) - Date.parse(startedAt);
    const took = tookMs === undefined ? '' : ` · ${formatDuration(tookMs)}`;
    const service = isRollout(record) ? ` *${escapeSlack(resourceName(record.service))}*` : '';
    return clip(`${sign} ${escapeSlack(stageName(record))}${service} ${verdict.replaceAll('-', ' ')}${took}`, 200);
  });
  const blocks: SlackBlock[] = [];
  // 14 lines of 200 characters are what a section holds at least.
  for (let from = 0; from < Math.min(lines.length, 70); from += 14) {
    blocks.push(section(lines.slice(from, from + 14).join('\n')));
  }
  return blocks;
}

function titleOf({ status, stages, failed }: DeploymentOutcome, ci: CiFacts, living: boolean): string {
  const branch = ci.tag ?? ci.branch;
  const from = branch === undefined ? '' : ` from ${branch}`;
  if (stages.length === 0) {
    const job = `${ci.project ?? 'CircleCI'}: ${ci.job ?? 'the job'}`;
    const on = branch === undefined ? '' : ` on ${branch}`;
    return escapeSlack(status === 'pass' ? `✅ ${job} passed${on}` : `❌ ${job} failed${on}`);
  }
  const project = [ci.owner, ci.project].filter((part) => part !== undefined).join('/');
  const what = [...(project === '' ? [] : [project]), ...subject(stages)].join(' · ') || 'The deployment';
  // A stage that others follow is no end yet.
  const sign = stages.some(isUnproved) ? '⚠️' : living && !stages.some(isRollout) ? '▶️' : '✅';
  if (status === 'pass') return escapeSlack(`${sign} ${what}: ${achieved(stages)}${from}`);
  const several = stages.filter(isRollout).length > 1;
  const ends = [...new Set(failed.map((record) => stageWords(record, several)))];
  const stage = ends.length === 0 ? '' : `: ${listed(ends, 3)}`;
  return escapeSlack(`❌ ${what}: deployment${from} failed${stage}`);
}

/** Nothing failed, and nothing is proved. */
const isUnproved = ({ verdict }: Outcome): boolean => verdict === 'started' || verdict === 'not-verified';

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

/** `web, api on prod`, as far as the records know; no more than one text. */
function subject(stages: readonly Outcome[]): string[] {
  const services = stages.filter(isRollout).map(({ service }) => service);
  const clusters = [
    ...new Set(stages.flatMap((record) => ('cluster' in record ? [resourceName(record.cluster)] : []))),
  ];
  const short = services.length > 4 ? services.slice(0, 3) : services;
  const more = services.length > short.length ? ` and ${services.length - short.length} more` : '';
  const names = short.map(resourceName).join(', ') + more;
  if (clusters.length === 0) {
    const build = stages.find((record) => record.stage === 'build-and-push-image');
    return build === undefined ? [] : [resourceName(build.repository)];
  }
  return [names === '' ? clusters.join(', ') : `${names} on ${clusters.join(', ')}`];
}

/** `rollout of web failed`; the service is left out where there is only one. */
function stageWords(outcome: Outcome, withService: boolean): string {
  const of = withService && isRollout(outcome) ? ` of ${resourceName(outcome.service)}` : '';
  return `${stageName(outcome)}${of} ${outcome.verdict.replaceAll('-', ' ')}`;
}

const listed = (texts: readonly string[], most: number): string =>
  texts.slice(0, most).join(', ') + (texts.length > most ? ` and ${texts.length - most} more` : '');

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
    ...field('Image', image?.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…')),
    ...field('Task definition', definition === undefined ? undefined : familyRevision(definition)),
    ...(commit === undefined ? [] : [clip(`*Commit*\n${commitText(ci, commit)}`, 2_000)]),
    ...field('By', ci.username),
  ];
}

function commitText({ repositoryUrl }: CiFacts, commit: string): string {
  const url = commitUrl(repositoryUrl, commit);
  return url === undefined ? escapeSlack(commit.slice(0, 12)) : link(url, commit.slice(0, 12));
}

function failureBlock(record: Outcome): SlackBlock {
  const { quote, meaning, cause, said, fix } = reasonOf(record);
  const because = [meaning, cause, said].filter((text) => text !== undefined).join(' ');
  const servesNow = isRollout(record) ? record.servesNow : undefined;
  const lines = [
    `*${escapeSlack(stageWords(record, true))}*${exitOf(record)}`,
    ...(quote === undefined ? [] : [codeBlock([quote.line], 700)]),
    ...(because === '' ? [] : [escapeSlack(because)]),
    ...(servesNow === undefined ? [] : [`*Serves now:* ${escapeSlack(familyRevision(servesNow))}`]),
    ...(fix === undefined ? [] : [`*Fix:* ${escapeSlack(fix)}`]),
  ];
  return section(lines.join('\n'));
}

function logBlocks(record: Outcome): SlackBlock[] {
  const log = logOf(record);
  return log.length === 0 ? [] : [section(codeBlock(log.slice(-15), sectionLimit))];
}

/** The exit code of what failed. */
function exitOf(record: Outcome): string {
  if (!isRollout(record)) return (record.exitCode ?? 0) === 0 ? '' : ` (exit code ${record.exitCode})`;
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
