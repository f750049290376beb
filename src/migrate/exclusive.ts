import type { Task } from '@aws-sdk/client-ecs';
import { familyRevision } from '../base/arn.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { poll } from '../base/poll.ts';
import { hasCode, type TransientError, UserError } from '../errors.ts';
import type { Announce, Clock, EcsPort, Interrupt } from '../ports.ts';
import type { MigrationEvent } from './events.ts';

export interface ExclusiveOptions {
  mode: 'wait' | 'fail' | 'ignore';
  cluster: string;
  family: string;
  /** What the user gave for --started-by. */
  startedBy: string | undefined;
  /** Tasks that this very job started before: they are ours, not another's. */
  own: readonly string[];
  /** Of this job's tasks, where it was not given. */
  ownStartedBy: string;
  timeoutMs: number;
}

export interface ExclusiveDeps {
  ecs: EcsPort;
  clock: Clock;
  interrupt: Interrupt;
  announce: Announce<MigrationEvent>;
}

/** `busy`: another migration was seen; else nothing is known about others. */
export type Exclusion = { end: 'clear' } | { end: 'timed-out' | 'interrupted'; busy: boolean };

/**
 * Waits until no other migration is alive, or refuses to go on. Best effort: two that look at the same moment both see none,
 * and ListTasks may lag behind.
 */
export async function exclude(options: ExclusiveOptions, deps: ExclusiveDeps): Promise<Exclusion> {
  if (options.mode === 'ignore') return { end: 'clear' };
  const { announce, breakSilence } = watchSilence(deps.announce, deps.clock);
  let known = '';
  const onTrouble = ({ message }: TransientError, inARow: number): void => {
    const trouble = () => ({ type: 'trouble', message, inARow }) as const;
    if (inARow === 1) announce(trouble());
    else breakSilence(trouble);
  };
  const look = async (): Promise<'clear' | undefined> => {
    const others = await otherMigrations(options, deps);
    const taskArns = others.map(({ taskArn = '' }) => taskArn);
    if (others.length === 0) {
      if (known !== '') announce({ type: 'others-done' });
      return 'clear';
    }
    if (options.mode === 'fail') throw busy(options, taskArns);
    if (known !== taskArns.join()) announce({ type: 'waiting-for-others', taskArns });
    known = taskArns.join();
    breakSilence(() => ({ type: 'waiting-for-others', taskArns }));
    return undefined;
  };
  try {
    const { timeoutMs } = options;
    const { clock, interrupt } = deps;
    const waited = await poll(look, { clock, interrupt, timeoutMs, intervalMs: 5_000, onTrouble });
    return waited.end === 'answered' ? { end: 'clear' } : { end: waited.end, busy: known !== '' };
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException')) throw error;
    const text =
      'Whether another migration is running cannot be seen: these credentials may not list tasks (ecs:ListTasks). Going on without that check.';
    deps.announce({ type: 'warning', text });
    return { end: 'clear' };
  }
}

function busy({ family, cluster }: ExclusiveOptions, taskArns: string[]): UserError {
  return new UserError(`Another migration of ${family} is running in the cluster ${cluster}.`, {
    code: 'Busy',
    why: taskArns.join(', '),
    fix: 'Run the command again when it is done, or let it wait with --exclusive wait.',
  });
}

async function otherMigrations(options: ExclusiveOptions, { ecs }: ExclusiveDeps): Promise<Task[]> {
  const { cluster, family, startedBy } = options;
  const byFamily = await listAll({ cluster, family }, ecs);
  // startedBy allows no other filter beside it, see ListTasks in the Amazon ECS API reference.
  const byStarter = startedBy === undefined ? [] : await listAll({ cluster, startedBy }, ecs);
  const arns = [...new Set([...byFamily, ...byStarter])].filter((arn) => !options.own.includes(arn));
  const tasks: Task[] = [];
  for (let from = 0; from < arns.length; from += 100) {
    const answer = await ecs.describeTasks({ cluster, tasks: arns.slice(from, from + 100) });
    tasks.push(...(answer.tasks ?? []));
  }
  return tasks.filter((task) => isMigration(task, options));
}

/** A live one-off task: not one of a service, a schedule, or started by this very job. */
function isMigration(task: Task, { ownStartedBy, startedBy, family }: ExclusiveOptions): boolean {
  if (task.lastStatus === 'STOPPED' || task.desiredStatus === 'STOPPED') return false;
  if (
    task.group?.startsWith('service:') === true ||
    /^(ecs-svc|events-rule|chronos-schedule)\//.test(task.startedBy ?? '')
  ) {
    return false;
  }
  if (startedBy === undefined && task.startedBy === ownStartedBy) return false;
  const sameFamily = familyRevision(task.taskDefinitionArn ?? '').replace(/:\d+$/, '') === family;
  return sameFamily || (startedBy !== undefined && task.startedBy === startedBy);
}

async function listAll(
  filter: { cluster: string; family?: string; startedBy?: string },
  ecs: EcsPort,
): Promise<string[]> {
  const arns: string[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await ecs.listTasks({ ...filter, ...(nextToken === undefined ? {} : { nextToken }) });
    arns.push(...(answer.taskArns ?? []));
    nextToken = answer.nextToken;
  } while (nextToken !== undefined);
  return arns;
}
