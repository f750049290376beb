import type { Task } from '@aws-sdk/client-ecs';
import { familyOf } from '../base/arn.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { poll, troubleText } from '../base/poll.ts';
import { hasCode, type TransientError, UserError } from '../errors.ts';
import type { Clock, EcsPort, Emit, Interrupt } from '../ports.ts';
import { describeTasks, listTasks } from '../task/find.ts';
import type { MigrationEvent } from './events.ts';

export interface ExclusiveOptions {
  mode: 'wait' | 'fail' | 'ignore';
  cluster: string;
  family: string;
  /** `startedBy` of our own tasks; undefined where the user chose the text. */
  mark: string | undefined;
  /** What the user gave for --started-by. */
  startedBy: string | undefined;
  /** How one of our own tasks stands. */
  judge(task: Task): 'going' | 'succeeded' | 'failed';
  timeoutMs: number;
}

export interface ExclusiveDeps {
  ecs: EcsPort;
  clock: Clock;
  interrupt: Interrupt;
  emit: Emit<MigrationEvent>;
}

/** `busy`: another migration was seen; else nothing is known about others. */
export type Exclusion =
  | { end: 'clear'; own: OwnTasks }
  | { end: 'timed-out' | 'interrupted'; busy: boolean; trouble: string | undefined };

/** The tasks that earlier runs of this very job started, as far as ECS still knows them. */
export interface OwnTasks {
  /** One that may yet succeed, by ARN. */
  going: string | undefined;
  succeeded: string | undefined;
  /** How many have failed. */
  failed: number;
}

const nobody: OwnTasks = { going: undefined, succeeded: undefined, failed: 0 };

/**
 * Finds our own tasks, and waits until no other migration is alive, or refuses to go on. Best effort: two jobs that look at
 * the same moment both see none, and ListTasks may lag behind.
 */
export async function exclude(options: ExclusiveOptions, deps: ExclusiveDeps): Promise<Exclusion> {
  const { emit, breakSilence } = watchSilence(deps.emit, deps.clock);
  const memory: Memory = { missingSince: new Map(), ended: new Map() };
  let known = '';
  const onTrouble = ({ message }: TransientError, inARow: number): void => {
    const trouble = () => ({ type: 'trouble', message, inARow }) as const;
    if (inARow === 1) emit(trouble());
    else breakSilence(trouble);
  };
  const look = async (): Promise<OwnTasks | undefined> => {
    const { own, ending, others } = await survey(options, memory, deps);
    // Our own task is there already: nothing is started, so nobody needs to be waited for.
    if (taskOf(own) !== undefined || options.mode === 'ignore') return own;
    const taskArns = [...ending, ...others];
    if (taskArns.length === 0) {
      if (known !== '') emit({ type: 'others-done' });
      return own;
    }
    if (options.mode === 'fail' && others.length > 0) throw busy(options, others);
    if (known !== taskArns.join()) emit({ type: 'waiting-for-others', taskArns, again: false });
    known = taskArns.join();
    breakSilence(() => ({ type: 'waiting-for-others', taskArns, again: true }));
    return undefined;
  };
  const { timeoutMs } = options;
  const { clock, interrupt } = deps;
  const waited = await poll(look, { clock, interrupt, timeoutMs, intervalMs: 5_000, onTrouble });
  if (waited.end === 'answered') return { end: 'clear', own: waited.answer };
  const trouble = waited.trouble === undefined ? undefined : troubleText(waited.trouble);
  return { end: waited.end, busy: known !== '', trouble };
}

function busy({ family, cluster }: ExclusiveOptions, taskArns: readonly string[]): UserError {
  return new UserError(`Another migration of ${family} is running in the cluster ${cluster}.`, {
    code: 'Busy',
    why: taskArns.join(', '),
    fix: 'Run the command again when it is done, or let it wait with --exclusive wait.',
  });
}

/** The task that makes another one needless: one that may yet succeed, or that has. */
export const taskOf = ({ going, succeeded }: OwnTasks): string | undefined => going ?? succeeded;

const staleForMs = 60_000;

/** What earlier polls of one wait found out. */
interface Memory {
  missingSince: Map<string, number>;
  ended: Map<string, Task>;
}

interface Survey {
  own: OwnTasks;
  /** Our own that have failed and have not come to their end. */
  ending: readonly string[];
  others: readonly string[];
}

/** All one-off tasks of the family (or with the user's --started-by): ours, and the others that are alive. */
async function survey(
  options: ExclusiveOptions,
  { missingSince, ended: known }: Memory,
  deps: ExclusiveDeps,
): Promise<Survey> {
  const { cluster, mark } = options;
  const listed = await list(options, deps);
  if (listed === undefined) return { own: nobody, ending: [], others: [] };
  const { running, stopped } = listed;
  // What has ended stays so: it is described once.
  const open = [...new Set([...running, ...stopped])].filter((arn) => !known.has(arn));
  const tasks = [...(await describeTasks(cluster, open, deps.ecs)), ...known.values()];
  const isOwn = ({ startedBy }: Task): boolean => mark !== undefined && startedBy === mark;
  const arnOf = ({ taskArn = '' }: Task): string => taskArn;
  const alive = tasks.filter(({ lastStatus }) => lastStatus !== 'STOPPED' && lastStatus !== 'DELETED');
  const over = tasks.filter((task) => !alive.includes(task));
  for (const task of over) known.set(arnOf(task), task);
  // What is listed and cannot be described may run all the same; one that is listed as stopped will soon be forgotten.
  const described = new Set(tasks.map(arnOf));
  const nowMs = deps.clock.now();
  const hidden = [...running, ...stopped].filter((arn) => {
    if (described.has(arn)) return false;
    const sinceMs = missingSince.get(arn) ?? nowMs;
    missingSince.set(arn, sinceMs);
    return running.has(arn) || nowMs - sinceMs < staleForMs;
  });
  const isHiddenOwn = (arn: string): boolean => listed.byMark.has(arn);
  const judged = tasks.filter(isOwn).map((task) => ({ task, verdict: options.judge(task) }));
  const own = (verdict: 'going' | 'succeeded' | 'failed'): Task[] =>
    judged.filter((one) => one.verdict === verdict).map(({ task }) => task);
  return {
    own: {
      going: own('going').map(arnOf)[0] ?? hidden.find(isHiddenOwn),
      succeeded: own('succeeded').map(arnOf)[0],
      failed: own('failed').length,
    },
    ending: own('failed')
      .filter((task) => alive.includes(task))
      .map(arnOf),
    others: [
      ...alive.filter((task) => !isOwn(task) && isMigration(task, options)).map(arnOf),
      ...hidden.filter((arn) => !isHiddenOwn(arn)),
    ],
  };
}

interface Listed {
  running: ReadonlySet<string>;
  /** Told to stop: those may still run for as long as stopTimeout. */
  stopped: ReadonlySet<string>;
  byMark: ReadonlySet<string>;
}

async function list(options: ExclusiveOptions, { ecs, emit }: ExclusiveDeps): Promise<Listed | undefined> {
  const { cluster, family, startedBy, mark } = options;
  try {
    // `startedBy` allows no other filter beside it (ListTasks in the Amazon ECS API reference).
    const [ofFamily, stopped, byStarter, byMark] = await Promise.all([
      listTasks({ cluster, family }, ecs),
      listTasks({ cluster, family, desiredStatus: 'STOPPED' }, ecs),
      startedBy === undefined ? [] : listTasks({ cluster, startedBy }, ecs),
      mark === undefined ? [] : listTasks({ cluster, startedBy: mark }, ecs),
    ]);
    return {
      running: new Set([...ofFamily, ...byStarter, ...byMark]),
      stopped: new Set(stopped),
      byMark: new Set(byMark),
    };
  } catch (error) {
    if (!hasCode(error, 'AccessDeniedException')) throw error;
    const text =
      'Whether another migration runs cannot be checked: these credentials are not authorized to perform ecs:ListTasks. Going on without that check.';
    emit({ type: 'warning', text });
    return undefined;
  }
}

/** A one-off task: not one of a service or a schedule. */
function isMigration(task: Task, { startedBy, family }: ExclusiveOptions): boolean {
  const { group = '', startedBy: starter = '' } = task;
  if (group.startsWith('service:') || /^(ecs-svc|events-rule|chronos-schedule)\//.test(starter)) return false;
  return familyOf(task.taskDefinitionArn ?? '') === family || (startedBy !== undefined && starter === startedBy);
}

/** Looks once for our own tasks. */
export async function findOwn(options: ExclusiveOptions, deps: ExclusiveDeps): Promise<OwnTasks> {
  const { own } = await survey(options, { missingSince: new Map(), ended: new Map() }, deps);
  return own;
}
