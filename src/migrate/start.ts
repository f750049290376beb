import type { Failure, RunTaskCommandInput, Task } from '@aws-sdk/client-ecs';
import { poll, troubleText } from '../base/poll.ts';
import { isCapacityReason, refusalFix } from '../diagnosis/refusals.ts';
import { hasCode, reworded, TransientError, UserError } from '../errors.ts';
import type { Clock, EcsPort, Emit, Interrupt } from '../ports.ts';
import type { MigrationEvent } from './events.ts';

/** What RunTask came to. */
export type Start =
  | { start: 'started'; taskArn: string; adopted: boolean; clientToken: string }
  | { start: 'not-placed'; failures: Failure[]; clientToken: string }
  /** No answer to any of the requests: a task may or may not run. */
  | { start: 'unanswered'; clientToken: string; trouble: string | undefined }
  /** `perhaps`: a request was under way, so that the task may run. */
  | { start: 'interrupted'; clientToken: string; perhaps: boolean };

export interface StartOptions {
  request: RunTaskCommandInput & { cluster: string };
  clientToken: string;
  /** A token for a try after one that placed nothing. */
  freshToken: () => string;
  /** Our own task, where one has appeared meanwhile. */
  findOwn: () => Promise<string | undefined>;
  retryCapacityMs: number | undefined;
  timeoutMs: number;
}

export interface StartDeps {
  ecs: EcsPort;
  clock: Clock;
  interrupt: Interrupt;
  emit: Emit<MigrationEvent>;
}

const answerWindowMs = 300_000;
const capacityIntervalMs = 15_000;
const olderThanMs = 60_000;

/**
 * Starts the task exactly once: whatever is not answered is sent again under the same token. A token that placed nothing
 * is answered so for an hour (Amazon ECS developer guide, "Ensuring idempotency"), also to a rerun that corrected the
 * cause: so one more try has a token of its own, after another search for our task; and more of them with `retryCapacityMs`.
 */
export async function startTask(options: StartOptions, deps: StartDeps): Promise<Start> {
  const { clock, interrupt, emit } = deps;
  const untilMs = clock.now() + Math.min(options.retryCapacityMs ?? 0, options.timeoutMs);
  let start = await startOnce(options, deps);
  for (let attempt = 2; start.start === 'not-placed'; attempt++) {
    // Without a reason it is not known that nothing runs, and another token could start a second one.
    if (start.failures.length === 0) return start;
    if (attempt > 2) {
      const isCapacity = start.failures.every(({ reason }) => isCapacityReason(reason ?? ''));
      const leftMs = untilMs - clock.now();
      if (!isCapacity || leftMs <= 0) return start;
      const nextTryMs = Math.min(capacityIntervalMs, leftMs);
      emit({ type: 'no-capacity', reason: start.failures[0]?.reason ?? '', nextTryMs });
      await clock.sleep(nextTryMs, interrupt.signal);
      if (interrupt.signal.aborted) return { start: 'interrupted', clientToken: start.clientToken, perhaps: false };
    }
    const own = await options.findOwn();
    if (own !== undefined) return { start: 'started', taskArn: own, adopted: true, clientToken: start.clientToken };
    start = await startOnce({ ...options, clientToken: options.freshToken() }, deps);
  }
  return start;
}

async function startOnce({ request, clientToken, timeoutMs }: StartOptions, deps: StartDeps): Promise<Start> {
  const { ecs, clock, interrupt, emit } = deps;
  const sentMs = clock.now();
  let unanswered = false;
  const send = async (): Promise<Start> => {
    const { tasks = [], failures = [] } = await ecs.runTask({ ...request, clientToken }).catch((error: unknown) => {
      unanswered ||= error instanceof TransientError && !error.throttled && !error.unsent;
      throw error;
    });
    const [task] = tasks;
    if (task?.taskArn === undefined) return { start: 'not-placed', failures, clientToken };
    return { start: 'started', taskArn: task.taskArn, adopted: isOlder(task, sentMs), clientToken };
  };
  try {
    const sent = await poll(send, {
      clock,
      interrupt,
      timeoutMs: Math.min(answerWindowMs, timeoutMs),
      onTrouble: ({ message }) => emit({ type: 'start-unanswered', message }),
    });
    if (sent.end === 'answered') return sent.answer;
    if (sent.end === 'interrupted') return { start: 'interrupted', clientToken, perhaps: unanswered };
    return {
      start: 'unanswered',
      clientToken,
      trouble: sent.trouble === undefined ? undefined : troubleText(sent.trouble),
    };
  } catch (error) {
    const may = unanswered || (error instanceof UserError && error.details.unanswered === true);
    return adopt(error, { request, clientToken, unanswered: may }, ecs);
  }
}

/** A replayed answer shows a task that is further than a new one can be, or that was made earlier. */
function isOlder({ lastStatus, createdAt }: Task, sentMs: number): boolean {
  if (lastStatus !== 'PROVISIONING' && lastStatus !== 'PENDING') return true;
  return createdAt !== undefined && createdAt.getTime() < sentMs - olderThanMs;
}

/** The token was used before with other parameters: the task it stands for is the migration, if it is of our mark or definition. */
async function adopt(
  error: unknown,
  { request, clientToken, unanswered }: { request: StartOptions['request']; clientToken: string; unanswered: boolean },
  ecs: EcsPort,
): Promise<Start> {
  const ids = hasCode(error, 'ConflictException') ? error.details.resourceIds : undefined;
  const taskArn = Array.isArray(ids) ? ids.find((id) => typeof id === 'string') : undefined;
  if (taskArn === undefined) throw unanswered ? perhapsStarted(error, clientToken) : refused(error, request);
  const { tasks = [] } = await ecs.describeTasks({ cluster: request.cluster, tasks: [taskArn] });
  const [task] = tasks;
  const isOurs = task?.startedBy === request.startedBy || task?.taskDefinitionArn === request.taskDefinition;
  if (task !== undefined && !isOurs) {
    throw new UserError('The client token was used before, for something else.', {
      code: 'ConflictException',
      why: `It started ${taskArn}, which runs ${task.taskDefinitionArn ?? 'another task definition'}.`,
      fix: 'Leave --client-token out, or give one that is used for nothing else.',
    });
  }
  return { start: 'started', taskArn, adopted: true, clientToken };
}

/** AWS refused only after a request that it had not answered: that one may have started the task. */
function perhapsStarted(error: unknown, clientToken: string): unknown {
  if (!(error instanceof UserError)) return error;
  const { message, fix = 'Correct what AWS names.', details } = error;
  return reworded(error, `${message} A request before that was not answered: the migration may have been started.`, {
    fix: `${fix} Then run the command again with --client-token ${clientToken}: that never starts a second task.`,
    details: { ...details, unanswered: true },
  });
}

/** The refusal with the advice that fits its text. */
export function refused(error: unknown, { taskDefinition, cluster }: RunTaskCommandInput): unknown {
  if (!(error instanceof UserError) || error.code === undefined) return error;
  // A missing permission has its advice already: it names the action and the resource.
  const isDenied = error.code.startsWith('AccessDenied');
  const fix = refusalFix(error.code, error.awsMessage ?? '') ?? (isDenied ? error.fix : undefined);
  if (fix === undefined) return error;
  return reworded(error, `Amazon ECS did not start ${taskDefinition} in the cluster ${cluster}.`, { fix });
}
