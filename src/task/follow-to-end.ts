import { formatDuration } from '../base/duration.ts';
import { troubleText } from '../base/poll.ts';
import { TransientError, UserError } from '../errors.ts';
import type { MigrationEvent } from '../migrate/events.ts';
import type { WaitingOptions } from '../migrate/options.ts';
import type { Announce, Interrupt } from '../ports.ts';
import { createFollower } from './follow.ts';
import type { FollowDeps, FollowedTask, FollowTarget } from './tracker.ts';

/** How following ended. */
export interface FollowEnd {
  end: 'judged' | 'timed-out' | 'interrupted';
  tasks: FollowedTask[];
  /** We asked ECS to stop what was still going. */
  stopped: boolean;
  /** AWS did not answer at last, in words. */
  trouble?: string | undefined;
}

export interface FollowToEndOptions {
  cluster: string;
  waiting: WaitingOptions;
  /** What is left of the user's time. */
  timeoutMs: number;
  /** The command that looks again. */
  resume: string;
}

/** Longer than the longest stopTimeout and the clean-up after it. */
const stopWindowMs = 300_000;
const never: Interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' };

/** Follows tasks; when time runs out or the user interrupts, leaves or stops them as asked and says which. */
export async function followToEnd(
  targets: readonly FollowTarget[],
  options: FollowToEndOptions,
  deps: FollowDeps & { interrupt: Interrupt; announce: Announce<MigrationEvent> },
): Promise<FollowEnd> {
  const { cluster, waiting, timeoutMs } = options;
  const { interrupt } = deps;
  const follower = createFollower(targets, { cluster, ...waiting }, deps);
  try {
    const { end, trouble: last } = await follower.follow({ timeoutMs, interrupt });
    const trouble = last === undefined ? undefined : troubleText(last);
    const policy = end === 'timed-out' ? waiting.onTimeout : waiting.onInterrupt;
    if (end === 'judged' || policy === 'leave') return { end, tasks: follower.tasks(), stopped: false, trouble };
    const because =
      end === 'timed-out' ? `no end within ${formatDuration(waiting.timeoutMs)}` : `interrupted by ${interrupt.name()}`;
    const refusals: unknown[] = [];
    for (const { taskArn, verdict } of follower.tasks()) {
      if (verdict.verdict !== 'going') continue;
      deps.announce({ type: 'stopping-task', taskArn, because });
      const request = { cluster, task: taskArn, reason: `migrate-deploy: ${because}` };
      // One task that cannot be stopped does not spare the others.
      await deps.aws.ecs.stopTask(request).catch((error: unknown) => refusals.push(error));
    }
    if (refusals.length > 0) throw refusals[0];
    await follower.follow({ timeoutMs: stopWindowMs, interrupt: never });
    return { end, tasks: follower.tasks(), stopped: true, trouble };
  } catch (error) {
    throw cutOff(error, targets, options);
  }
}

/** An AWS refusal in the middle says nothing about the tasks: they go on, and the user must know how to look again. */
function cutOff(error: unknown, targets: readonly FollowTarget[], { resume }: FollowToEndOptions): unknown {
  if (!(error instanceof UserError) && !(error instanceof TransientError)) return error;
  const { why, fix } = error instanceof UserError ? error : { why: error.message, fix: undefined };
  const names = targets.map(({ taskArn }) => taskArn).join(', ');
  const goesOn = targets.length === 1 ? 'The task goes on' : 'The tasks go on';
  return new UserError(
    `${error instanceof UserError ? error.message : 'AWS did not answer.'} ${goesOn} without us: ${names}`,
    {
      why,
      fix: `${fix === undefined ? '' : `${fix} `}Then look again with: ${resume}`,
      code: error.code,
      requestId: error.requestId,
      details: error instanceof UserError ? error.details : {},
      cause: error,
    },
  );
}
