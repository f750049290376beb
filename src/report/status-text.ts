import { familyRevision } from '../base/arn.ts';
import { formatDuration } from '../base/duration.ts';
import { untilText } from '../outcome.ts';
import type { ServiceStatus } from '../rollout/status.ts';
import { bad, dim, good, type Line, line, strong, warn } from './line.ts';
import { answerLines } from './rollout-summary.ts';
import { progressText } from './rollout-text.ts';

/** How each service stands, for people. */
export function statusLines(services: readonly ServiceStatus[], cluster: string, nowMs: number): Line[] {
  if (services.length === 0) return [line(`The cluster ${cluster} has no services.`)];
  return services.flatMap((service) => serviceLines(service, nowMs));
}

function serviceLines(status: ServiceStatus, nowMs: number): Line[] {
  const { underWay, deployments, notes } = status;
  return [
    strong(headline(status)),
    ...status.images.map(imageLine),
    ...(underWay === undefined ? [] : underWayLines(underWay, nowMs)),
    ...(deployments.length === 0 ? [] : [line('  Deployments:'), ...deployments.map((one) => endedLine(one, nowMs))]),
    ...notes.map((text) => warn(`  Note: ${text}`)),
  ];
}

function headline({ service, cluster, status, servesNow, taskDefinition, tasks }: ServiceStatus): string {
  const { desired, running, pending } = tasks;
  const name = `${service} on ${cluster}`;
  const set = taskDefinition === undefined ? '' : ` It is set to ${familyRevision(taskDefinition)}.`;
  if (status !== 'ACTIVE') return `${name} is ${status}: ${running} tasks running.`;
  const count =
    running > desired
      ? `${running} tasks running for ${desired} desired`
      : `${running} of ${desired} task${desired === 1 ? '' : 's'} running${pending === 0 ? '' : `, ${pending} pending`}`;
  if (running === 0) return `${name} serves nothing: ${count}.${set}`;
  return servesNow === undefined
    ? `${name}: ${count}.${set}`
    : `${name} serves ${familyRevision(servesNow)}: ${count}.`;
}

function imageLine({ name, image = '', imageDigest, tags = [] }: ServiceStatus['images'][number]): Line {
  if (imageDigest === undefined) return line(`  ${name}: ${image}, digest not known`);
  const known = tags.length === 0 ? '' : ` (${tags.join(', ')})`;
  return line(`  ${name}: ${image.replace(/@sha256:.*$/, '')} is ${imageDigest}${known}`);
}

type UnderWay = NonNullable<ServiceStatus['underWay']>;

function underWayLines(
  { verdict, status, taskDefinition, startedAt, progress, pause, explanation }: UnderWay,
  nowMs: number,
): Line[] {
  const what = taskDefinition === undefined ? 'an unknown revision' : familyRevision(taskDefinition);
  return [
    warn(`  Under way: ${what}, ${status}, began ${ago(startedAt, nowMs)}: ${progressText(progress)}`),
    ...(explanation === undefined || verdict === 'paused'
      ? []
      : [line(`    Why: ${explanation.said ?? explanation.cause}`)]),
    ...(pause === undefined
      ? []
      : [
          warn(
            `  Paused by a hook${pause.stage === undefined ? '' : ` after ${pause.stage}`}${untilText(pause, nowMs)}`,
          ),
        ]),
    ...answerLines(pause),
  ];
}

const words: Readonly<Record<string, string>> = { running: 'in progress', 'rolled-back': 'rolled back' };

function endedLine(one: ServiceStatus['deployments'][number], nowMs: number): Line {
  const { verdict, status, taskDefinition, startedAt, finishedAt, explanation } = one;
  const what =
    taskDefinition === undefined ? 'a revision that ECS does not know any more' : familyRevision(taskDefinition);
  const took =
    finishedAt === undefined ? '' : ` after ${formatDuration(Date.parse(finishedAt) - Date.parse(startedAt))}`;
  const why = verdict === 'deployed' || explanation?.said === undefined ? '' : `: ${explanation.said}`;
  const text = `    ${what} ${words[verdict] ?? verdict}${took}, ${ago(finishedAt ?? startedAt, nowMs)} (${status})${why}`;
  if (verdict === 'deployed') return good(text);
  return verdict === 'superseded' ? dim(text) : bad(text);
}

const dayMs = 86_400_000;

/** `3m 20s ago`, in days from two days on. */
function ago(moment: string, nowMs: number): string {
  const ms = nowMs - Date.parse(moment);
  return `${ms < 2 * dayMs ? formatDuration(ms) : `${Math.floor(ms / dayMs)} days`} ago`;
}
