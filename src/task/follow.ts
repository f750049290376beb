import type { Task } from '@aws-sdk/client-ecs';
import { formatDuration } from '../base/duration.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { poll, troubleText } from '../base/poll.ts';
import { hasCode, reworded, TransientError, UserError } from '../errors.ts';
import type { Aws, Clock, Emit, Interrupt } from '../ports.ts';
import { drain, tellEnd, tellEnds } from './drain.ts';
import type { FollowEvent } from './events.ts';
import { describeTasks } from './find.ts';
import { createTaskLog, type LoggedContainer, placeOfLog, readLogs, type TaskLog } from './log.ts';
import type { LogPlace } from './log-place.ts';
import { type CountingContainer, observed, type TaskObservation, unseen } from './observe.ts';
import type { WaitingOptions } from './options.ts';
import { type TaskVerdict, taskVerdict } from './verdict.ts';

/** The container that counts, with what its definition says about its log. */
export type FollowedContainer = CountingContainer & LoggedContainer;

/** A task to follow. */
export interface FollowTarget {
  taskArn: string;
  /** What to say at once where Amazon ECS does not know the task: it may be another one's, or mistyped. */
  whenUnknown?: string;
  /** Which container counts; asked once, when the task is first seen. */
  container(task: Task): Promise<FollowedContainer>;
}

/** A task that is or was followed. */
export interface FollowedTask {
  target: FollowTarget;
  seen: TaskObservation;
  container: FollowedContainer | undefined;
  verdict: TaskVerdict;
  /** When the verdict was known, by our clock. */
  judgedMs: number | undefined;
  log: TaskLog | undefined;
  logPlace: LogPlace | undefined;
  /** Whether it was said that its container has ended: not before the last lines of its log. */
  endTold: boolean;
}

/** How following ended. */
export interface FollowEnd {
  end: 'judged' | 'timed-out' | 'interrupted';
  tasks: FollowedTask[];
  /** We asked ECS to stop what had not ended. */
  stopped: boolean;
  /** AWS did not answer at last, in words. */
  trouble: string | undefined;
}

export interface FollowOptions {
  cluster: string;
  waiting: WaitingOptions;
  /** What is left of the user's time. */
  timeoutMs: number;
  /** The command that looks again. */
  resume: string;
}

export interface FollowDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  emit: Emit<FollowEvent>;
  /** Resolves when whoever reads our output has caught up. */
  drained?: (() => Promise<void>) | undefined;
}

/** Longer than the longest stopTimeout and the clean-up after it. */
const stopWindowMs = 300_000;
const never: Interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' };

/**
 * Follows tasks and their logs until each verdict is known; when time runs out or the user interrupts, leaves or stops
 * them as asked. An AWS refusal is a UserError that names the tasks and how to look again.
 */
export async function followTasks(
  targets: readonly FollowTarget[],
  options: FollowOptions,
  outer: FollowDeps,
): Promise<FollowEnd> {
  const { waiting, timeoutMs } = options;
  const { interrupt } = outer;
  const several = targets.length > 1;
  const deps = { ...outer, emit: (event: FollowEvent) => outer.emit(several ? { ...event, several } : event) };
  const tasks = targets.map(
    (target): FollowedTask => ({
      target,
      seen: unseen(target.taskArn),
      container: undefined,
      verdict: { verdict: 'going' },
      judgedMs: undefined,
      log: undefined,
      logPlace: undefined,
      endTold: false,
    }),
  );
  try {
    const startMs = deps.clock.now();
    const { end, trouble } = await watch(tasks, { ...options, timeoutMs, startMs }, deps);
    const policy = end === 'timed-out' ? waiting.onTimeout : waiting.onInterrupt;
    if (end === 'judged' || policy === 'leave') return { end, tasks, stopped: false, trouble };
    const because =
      end === 'timed-out' ? `no end within ${formatDuration(timeoutMs)}` : `interrupted by ${interrupt.name()}`;
    await stopAll(tasks.filter(isGoing), because, options, deps);
    await watch(tasks, { ...options, timeoutMs: stopWindowMs, startMs }, { ...deps, interrupt: never });
    return { end, tasks, stopped: true, trouble };
  } catch (error) {
    throw cutOff(error, tasks.filter(isGoing), options);
  }
}

/** Whether its verdict is not known yet. */
export const isGoing = ({ verdict }: FollowedTask): boolean => verdict.verdict === 'going';

async function stopAll(
  tasks: readonly FollowedTask[],
  because: string,
  { cluster }: FollowOptions,
  { emit, ...deps }: FollowDeps,
): Promise<void> {
  const refusals: unknown[] = [];
  for (const { target } of tasks) {
    emit({ type: 'stopping-task', taskArn: target.taskArn, because });
    const request = { cluster, task: target.taskArn, reason: `migrate-deploy: ${because}` };
    // One task that cannot be stopped does not spare the others.
    await stop(request, deps).catch((error: unknown) => refusals.push(error));
  }
  if (refusals.length > 0) throw refusals[0];
}

const unknownForMs = 60_000;

/** ECS may not know yet what was started a moment ago (eventual consistency, RunTask in the API reference): it is asked again. */
async function stop(
  request: { cluster: string; task: string; reason: string },
  { aws, clock }: Pick<FollowDeps, 'aws' | 'clock'>,
): Promise<void> {
  const untilMs = clock.now() + unknownForMs;
  for (;;) {
    try {
      await aws.ecs.stopTask(request);
      return;
    } catch (error) {
      const isUnknown = hasCode(error, 'InvalidParameterException') && /not found/.test(error.awsMessage ?? '');
      if (!isUnknown || clock.now() >= untilMs) throw error;
    }
    await clock.sleep(endedIntervalMs);
  }
}

/** An AWS refusal in the middle says nothing about the tasks: they go on, and the user must know how to look again. */
function cutOff(error: unknown, tasks: readonly FollowedTask[], { resume }: FollowOptions): unknown {
  if (tasks.length === 0 || !(error instanceof UserError || error instanceof TransientError)) return error;
  const names = tasks.map(({ target }) => target.taskArn).join(', ');
  const goesOn = tasks.length === 1 ? 'The task goes on and is not watched' : 'The tasks go on and are not watched';
  const { code, message, requestId } = error;
  if (error instanceof TransientError) {
    const parts = { why: message, fix: `Look again with: ${resume}`, code, requestId, cause: error };
    return new UserError(`AWS did not answer. ${goesOn}: ${names}`, parts);
  }
  const fix = `${error.fix === undefined ? '' : `${error.fix} `}Then look again with: ${resume}`;
  return reworded(error, `${message} ${goesOn}: ${names}`, { fix });
}

const endedIntervalMs = 2_000;
const lastReadMs = 3_000;

/** The distance of two polls: as fine as the wait is short, and never coarser than 10 s. */
export const pollIntervalMs = (elapsedMs: number): number => Math.min(10_000, Math.max(2_000, elapsedMs / 90));

async function watch(
  tasks: FollowedTask[],
  options: FollowOptions & { startMs: number },
  outer: FollowDeps,
): Promise<Pick<FollowEnd, 'end' | 'trouble'>> {
  const { clock, interrupt } = outer;
  const { startMs } = options;
  const untilMs = clock.now() + options.timeoutMs;
  const { emit, breakSilence } = watchSilence(outer.emit, clock);
  const deps = { ...outer, emit };
  const heartbeat = (): void => {
    const [first, ...others] = tasks.filter(isGoing);
    if (first === undefined) return;
    const elapsedMs = clock.now() - startMs;
    const leftMs = untilMs - clock.now();
    const { taskArn } = first.target;
    breakSilence(() => ({
      ...{ type: 'heartbeat', taskArn, waitsFor: waitsFor(first), elapsedMs, leftMs, others: others.length },
    }));
  };
  const polled = await poll(
    async () => {
      await look(tasks, options, startMs, deps);
      heartbeat();
      return tasks.some(isGoing) ? undefined : true;
    },
    {
      clock,
      interrupt,
      timeoutMs: options.timeoutMs,
      intervalMs: options.waiting.pollIntervalMs ?? ((elapsedMs) => intervalMs(tasks, elapsedMs)),
      onTrouble: (error, inARow) => {
        if (inARow === 1 || inARow % 10 === 0) emit({ type: 'trouble', message: error.message, inARow });
        heartbeat();
      },
    },
  );
  if (polled.end === 'answered') {
    await drain(tasks, options, deps);
    return { end: 'judged', trouble: undefined };
  }
  // Our time is over: what is there is printed, as far as a moment reaches, whatever interrupted us.
  await readLogs(tasks, { ...deps, interrupt: undefined }, 'the end', lastReadMs);
  for (const one of tasks) tellEnd(one, deps);
  return { end: polled.end, trouble: polled.trouble === undefined ? undefined : troubleText(polled.trouble) };
}

/** Once a container has ended, what is still missing comes within seconds; and of two essential ones the order must be seen. */
function intervalMs(tasks: readonly FollowedTask[], elapsedMs: number): number {
  const isUrgent = tasks.some(
    (one) => isGoing(one) && (one.seen.endSeenMs !== undefined || (one.container?.otherEssential.length ?? 0) > 0),
  );
  return isUrgent ? endedIntervalMs : pollIntervalMs(elapsedMs);
}

function waitsFor({ seen, container }: FollowedTask): string {
  const { task } = seen;
  if (task === undefined) return 'Amazon ECS to show the task';
  if (seen.endSeenMs !== undefined) return `Amazon ECS to say why the task stops (${task.lastStatus ?? 'no status'})`;
  if (task.lastStatus === 'RUNNING') return `container ${container?.name ?? ''} to end`;
  return `the task to run (it is ${task.lastStatus ?? 'without a status'})`;
}

/** One poll of all tasks whose verdict is not known; then the logs of all whose end was not told; then the verdicts. */
async function look(tasks: FollowedTask[], options: FollowOptions, startMs: number, deps: FollowDeps): Promise<void> {
  const open = tasks.filter(isGoing);
  const arns = open.map(({ target }) => target.taskArn);
  const answers = await describeTasks(options.cluster, arns, deps.aws.ecs);
  for (const one of open) {
    const answer = answers.find(({ taskArn }) => taskArn === one.target.taskArn);
    if (answer !== undefined) one.container ??= await one.target.container(answer);
    const before = one.seen;
    one.seen = observed(before, answer, one.container, deps.clock.now());
    const isUnknown = before.task === undefined && before.missingSinceMs === undefined && answer === undefined;
    if (isUnknown && one.target.whenUnknown !== undefined) {
      deps.emit({ type: 'warning', text: one.target.whenUnknown });
    }
    if (answer === undefined || one.container === undefined) continue;
    if (options.waiting.logs) one.log ??= createTaskLog(one.target.taskArn, one.container, deps);
    else one.logPlace = placeOfLog(answer, one.container, deps.aws.region);
    one.log?.observe(answer);
    emitChanges(before.task, answer, one.container, deps.clock.now() - startMs, deps);
  }
  const untold = tasks.filter(({ endTold }) => !endTold);
  await readLogs(untold, deps, 'a short page');
  tellEnds(untold, options, deps);
  for (const one of open) {
    one.verdict = taskVerdict(one.seen, one.container, deps.clock.now());
    if (one.verdict.verdict !== 'going') one.judgedMs = deps.clock.now();
  }
}

function emitChanges(
  before: Task | undefined,
  task: Task,
  { name: counting }: CountingContainer,
  elapsedMs: number,
  { emit }: FollowDeps,
): void {
  const { taskArn = '', lastStatus: status = 'UNKNOWN' } = task;
  if (status !== before?.lastStatus) emit({ type: 'task-state', taskArn, status, elapsedMs });
  for (const { name = '', exitCode, lastStatus } of task.containers ?? []) {
    const was = before?.containers?.find((one) => one.name === name)?.lastStatus;
    // The one that counts comes after the last lines of its log.
    if (name === counting || lastStatus !== 'STOPPED' || was === 'STOPPED' || exitCode === undefined) continue;
    emit({ type: 'container-ended', taskArn, container: name, exitCode, counts: false });
  }
}
