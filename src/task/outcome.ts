import type { Failure, Task } from '@aws-sdk/client-ecs';
import { accountOf, familyOf } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { diagnoseText } from '../diagnosis/diagnose.ts';
import { findingIn, isOwnEnd, tailOf } from '../diagnosis/log-finding.ts';
import { type Explanation, taskNotFound } from '../outcome.ts';
import type { TaskOutcome } from '../records/schema.ts';
import type { FollowEnd, FollowedTask } from './follow.ts';

/** What an Outcome says of a task beside its stage, its place and its times. */
export type TaskResult = Pick<TaskOutcome, 'verdict'> & Partial<Omit<TaskOutcome, 'stage' | 'schemaVersion'>>;

/** The verdict, its reasons and the facts of a task that was followed. */
export function taskResult(
  one: FollowedTask,
  ending: Pick<FollowEnd, 'end' | 'stopped' | 'trouble'>,
  { namedByUser, signal }: { namedByUser: boolean; signal: 'SIGINT' | 'SIGTERM' },
): TaskResult {
  const result = judged(one, { ...ending, namedByUser, signal });
  return { ...taskFacts(one), ...logFacts(one, result), ...result };
}

interface Ending extends Pick<FollowEnd, 'end' | 'stopped' | 'trouble'> {
  namedByUser: boolean;
  signal: 'SIGINT' | 'SIGTERM';
}

function judged({ verdict, target, seen }: FollowedTask, ending: Ending): TaskResult {
  switch (verdict.verdict) {
    case 'succeeded':
      return { verdict: 'succeeded', exitCode: 0 };
    case 'lost':
      return { verdict: 'failed', explanation: lost(target.taskArn, verdict.seen, ending.namedByUser) };
    case 'going': {
      if (seen.task === undefined) return unfinished(ending, 'Amazon ECS has not shown the task so far.');
      return unfinished(
        ending,
        ending.stopped ? 'The task was asked to stop and has not ended yet.' : 'The task goes on.',
      );
    }
    case 'failed': {
      const { explanation, exitCode } = verdict;
      const code = exitCode === undefined ? {} : { exitCode };
      // What we stopped ourselves is no verdict of the program.
      if (ending.stopped && verdict.stopCode === 'UserInitiated') {
        return { ...unfinished(ending, 'The task was stopped, as asked for.'), ...code };
      }
      return { verdict: 'failed', explanation, ...code };
    }
  }
}

function unfinished({ end, signal, trouble }: Ending, cause: string): TaskResult {
  const said = optional('said', trouble);
  if (end === 'interrupted')
    return { verdict: 'interrupted', signal, explanation: { code: 'INTERRUPTED', cause, ...said } };
  return { verdict: 'timed-out', explanation: { code: 'TIMED_OUT', cause, ...said } };
}

function lost(taskArn: string, seen: boolean, namedByUser: boolean): Explanation {
  const base = { code: 'TASK_LOST', said: 'MISSING' };
  if (seen) {
    const cause = 'Amazon ECS does not know the task any more; how it ended is not known.';
    return { ...base, cause, fix: 'Look at its log and at the database before you run it again.' };
  }
  const cause = `Amazon ECS does not know the task ${taskArn}.`;
  if (!namedByUser) {
    const fix = `Look at it again (wait-for-task --task ${taskArn}), at its log and at the database before you run it again.`;
    return { ...base, cause: `${cause} It was started, and may be running.`, fix };
  }
  const fix = 'Check --task, --cluster and --region; Amazon ECS forgets a task an hour after it stopped.';
  return { ...base, code: taskNotFound, cause, fix };
}

/** Why RunTask placed nothing. */
export function notPlaced(failures: readonly Failure[]): Explanation {
  const texts = failures.map(({ reason = 'no reason', arn, detail }) =>
    [arn === undefined ? reason : `${reason} (${arn})`, detail].filter((part) => part !== undefined).join(': '),
  );
  if (texts.length === 0) {
    return {
      code: 'NOT_PLACED',
      cause: 'Amazon ECS answered with neither a task nor a reason.',
      fix: 'Check that no task of this family runs, and look at the events of the cluster; then run it again.',
    };
  }
  const known = diagnoseText(failures[0]?.reason ?? '');
  return {
    code: known?.code ?? 'NOT_PLACED',
    cause: known?.cause ?? 'Amazon ECS found no place for the task.',
    said: texts.join('; '),
    fix: known?.fix ?? 'Look at the reason and at the events of the cluster, then run it again.',
  };
}

const moments = [
  'createdAt',
  'connectivityAt',
  'pullStartedAt',
  'pullStoppedAt',
  'startedAt',
  'executionStoppedAt',
  'stoppingAt',
  'stoppedAt',
] as const;

const spans = [
  ['provisioning', 'createdAt', 'pullStartedAt'],
  ['pull', 'pullStartedAt', 'pullStoppedAt'],
  ['start', 'pullStoppedAt', 'startedAt'],
  ['run', 'startedAt', 'executionStoppedAt'],
  ['stop', 'executionStoppedAt', 'stoppedAt'],
] as const;

function taskFacts({ target, seen, container, log, logPlace }: FollowedTask): Partial<TaskResult> {
  const place = log?.place() ?? logPlace;
  const name = container?.name;
  return {
    taskArn: target.taskArn,
    ...optional('account', accountOf(target.taskArn)),
    ...(seen.task === undefined ? {} : factsOf(seen.task)),
    ...optional('container', name),
    ...(name === undefined || place?.kind !== 'awslogs'
      ? {}
      : { logs: [{ container: name, group: place.group, stream: place.stream, region: place.region }] }),
  };
}

/** The last lines, and of a red task the one that says why. */
function logFacts({ container, log, seen }: FollowedTask, { verdict, explanation }: TaskResult): LogFacts {
  const lines = log?.lastLines() ?? [];
  if (container === undefined || log === undefined) return {};
  const { name, hidden = [] } = container;
  const isRed = verdict === 'failed';
  const note = isRed && seen.task?.stopCode !== 'TaskFailedToStart' ? log.incomplete() : undefined;
  const finding = isRed && isOwnEnd(explanation?.code) ? findingIn(name, lines, hidden) : undefined;
  return {
    ...(lines.length === 0 && note === undefined
      ? {}
      : { logTail: [{ container: name, lines: tailOf(lines, hidden), ...optional('note', note) }] }),
    ...optional('logFinding', finding),
  };
}
type LogFacts = Pick<TaskResult, 'logTail' | 'logFinding'>;

function factsOf(task: Task): Partial<TaskResult> {
  const timeline = moments.flatMap((name) => (task[name] === undefined ? [] : [[name, task[name].toISOString()]]));
  const timingsMs = spans.flatMap(([name, from, to]) => {
    const [start, end] = [task[from], task[to]];
    return start === undefined || end === undefined ? [] : [[name, end.getTime() - start.getTime()]];
  });
  return {
    ...optional('taskDefinition', task.taskDefinitionArn),
    ...optional('family', task.taskDefinitionArn === undefined ? undefined : familyOf(task.taskDefinitionArn)),
    ...optional('startedBy', task.startedBy),
    ...optional('stopCode', task.stopCode),
    containers: (task.containers ?? []).map(({ name = '', image, imageDigest, exitCode, reason }) => ({
      name,
      ...optional('image', image),
      ...optional('imageDigest', imageDigest),
      ...optional('exitCode', exitCode),
      ...optional('reason', reason),
    })),
    timeline: Object.fromEntries(timeline),
    timingsMs: Object.fromEntries(timingsMs),
  };
}
