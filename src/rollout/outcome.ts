import type { Service } from '@aws-sdk/client-ecs';
import { accountOf, resourceName } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { untilText } from '../outcome.ts';
import { type Explanation, type FailedTask, type RolloutOutcome, schemaVersion } from '../records/schema.ts';
import { isDrained } from './deployment-verdict.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';
import { continueCommand, statusCommand } from './next-commands.ts';
import { askedRevision, type Observation } from './observe.ts';
import { progressOf, thresholdReached } from './progress.ts';
import type { Pause, RollbackPhase } from './snapshot.ts';

/** How it ends for one service: the verdict of ECS, or that we left before there was one. */
export interface Ending {
  verdict: RolloutOutcome['verdict'];
  explanation?: Explanation | undefined;
  phase?: RollbackPhase | undefined;
  /** The service revision that comes back, where ECS says it. */
  toRevision?: string | undefined;
}

/** The Outcome of a service that is still to be judged. */
export function runningOutcome(seen: Observation, options: RolloutOptions, deps: RolloutDeps): RolloutOutcome {
  const { own } = seen;
  const asked = askedRevision(own);
  const isRollback = own.plan.kind === 'rollback';
  const previous = isRollback ? own.taskDefinitionArn : own.plan.before.primary?.taskDefinition;
  const account = accountOf(own.plan.before.service.serviceArn ?? '');
  return {
    schemaVersion,
    stage: options.stage,
    verdict: 'running',
    region: deps.aws.region,
    ...(account === undefined ? {} : { account }),
    cluster: resourceName(options.cluster),
    service: own.name,
    ...optional('askedFor', askedFor(options, isRollback)),
    startedAt: new Date(own.startedAtMs).toISOString(),
    ...(asked === undefined || asked === '' ? {} : { taskDefinition: asked }),
    ...(previous === undefined ? {} : { previousTaskDefinition: previous }),
    ...(own.plan.differences.length === 0 ? {} : { changes: own.plan.differences }),
    ...(own.deploymentId === undefined ? {} : { deploymentId: own.deploymentId }),
    ...(seen.serviceDeploymentArn === undefined ? {} : { serviceDeploymentArn: seen.serviceDeploymentArn }),
    ...(Object.keys(deps.ci).length === 0 ? {} : { ci: deps.ci }),
  };
}

function askedFor({ stage, until }: RolloutOptions, isRollback: boolean): RolloutOutcome['askedFor'] {
  if (stage === 'rollback-service' || isRollback) return 'rollback';
  return until === 'paused' ? 'pause' : undefined;
}

/** The verdicts that leave the deployment going on. */
const open: readonly RolloutOutcome['verdict'][] = ['timed-out', 'paused', 'interrupted', 'refused', 'started'];

/** The Outcome of a service with everything that was observed; nothing is looked up. */
export function outcomeOf(
  seen: Observation,
  ending: Ending,
  options: RolloutOptions,
  deps: RolloutDeps,
): RolloutOutcome {
  const { own, firsts, pause } = seen;
  const { verdict, phase } = ending;
  const explanation = explanationWith(ending, seen);
  const since = (name: string, ms: number | undefined): [string, number][] =>
    ms === undefined ? [] : [[name, ms - own.startedAtMs]];
  const timingsMs = Object.fromEntries([
    ...since('tasksRunning', firsts.running),
    ...since('deployed', firsts.deployed),
    ...since('judged', firsts.judged),
  ]);
  const serves = servesNow(seen, ending);
  const where = { aws: deps.aws, cluster: options.cluster, service: own.name };
  const failedTasks = tasksToShow(seen);
  const isOpen = open.includes(verdict) && own.deploymentId !== undefined;
  return {
    ...runningOutcome(seen, options, deps),
    verdict,
    ...(explanation === undefined ? {} : { explanation }),
    finishedAt: new Date(deps.clock.now()).toISOString(),
    timingsMs,
    ...(serves === undefined ? {} : { servesNow: serves }),
    ...(phase === undefined ? {} : { rollbackPhase: phase }),
    ...(seen.shifts.length < 2 ? {} : { trafficShifts: shiftsOutcome(seen) }),
    ...(verdict !== 'paused' || pause === undefined ? {} : { pause: pauseOutcome(pause, where) }),
    ...(failedTasks.length === 0 ? {} : { failedTasks }),
    ...(seen.events.length === 0 ? {} : { events: seen.events }),
    ...(isOpen && seen.service !== undefined ? { progress: progressOf(seen, options) } : {}),
    ...(isOpen || ending.explanation?.code === 'UPDATE_UNANSWERED' || ending.explanation?.code === 'DEPLOYMENT_NOT_SEEN'
      ? { resume: statusCommand(where) }
      : {}),
    ...(verdict === 'interrupted' ? { signal: deps.interrupt.name() } : {}),
  };
}

const shiftsOutcome = ({ shifts }: Observation): NonNullable<RolloutOutcome['trafficShifts']> =>
  shifts.map(({ atMs, weight }) => ({ at: new Date(atMs).toISOString(), productionWeight: weight }));

/** The hook that waits, with the commands that answer it. */
export function pauseOutcome(
  { hookId, stage, expiresAt, timeoutAction }: Pause,
  where: Parameters<typeof continueCommand>[0],
): NonNullable<RolloutOutcome['pause']> {
  return {
    hookId,
    ...optional('stage', stage),
    ...optional('expiresAt', expiresAt?.toISOString()),
    timeoutAction,
    continue: continueCommand(where, 'continue'),
    rollback: continueCommand(where, 'rollback'),
  };
}

const recentMs = 600_000;

/** Of a service that was not changed, what failed long ago is not ours to tell. */
function tasksToShow({ failedTasks, own }: Observation): FailedTask[] {
  return [...failedTasks.values()]
    .filter(({ endedAtMs }) => own.plan.kind !== 'unchanged' || own.startedAtMs - endedAtMs < recentMs)
    .map(({ endedAtMs: _endedAtMs, ...task }) => task);
}

/** Codes that say that tasks failed, and not why they did. */
const aboutTasks = [
  'CIRCUIT_BREAKER',
  'NO_ROLLBACK_CANDIDATE',
  'TOO_MANY_FAILED_TASKS',
  'TASKS_FAIL',
  'STOPPED',
  'ROLLED_BACK',
];

/** What the tasks died of says more than that they did. */
function explanationWith({ explanation }: Ending, seen: Observation): Explanation | undefined {
  if (explanation === undefined || !aboutTasks.includes(explanation.code)) return explanation;
  const task = tasksToShow(seen).find((one) => one.explanation !== undefined)?.explanation;
  if (task === undefined) return explanation;
  return { ...explanation, code: task.code, ...(task.fix === undefined ? {} : { fix: task.fix }) };
}

/** The revision that serves now, as far as ECS says: ours where it was deployed, else what runs beside it. */
export function servesNow({ service, own, firsts }: Observation, { verdict, explanation }: Ending): string | undefined {
  if (verdict === 'deployed' || verdict === 'unchanged') return own.taskDefinitionArn;
  // What ECS calls successful serves, whatever the application answers; the old tasks are only on their way out.
  if (['CHECK_URL', 'DIGEST_MISMATCH', 'NOT_PROVED', 'ROLLBACK_TOO_LATE'].includes(explanation?.code ?? ''))
    return own.taskDefinitionArn;
  if (firsts.deployed !== undefined && ['timed-out', 'interrupted'].includes(verdict)) return own.taskDefinitionArn;
  return servedBeside(service, own.deploymentId, !open.includes(verdict));
}

function servedBeside(
  service: Service | undefined,
  deploymentId: string | undefined,
  isOver: boolean,
): string | undefined {
  const running = (service?.deployments ?? []).filter(({ runningCount = 0 }) => runningCount > 0);
  const others = running.filter(({ id }) => id !== deploymentId);
  // An old revision whose rollout was completed is surer than one that is on its way.
  const sure = others.find(({ rolloutState }) => rolloutState === 'COMPLETED') ?? others[0];
  if (sure !== undefined) return sure.taskDefinition;
  return isOver ? running[0]?.taskDefinition : undefined;
}

/** How it ends for a service where polling ended as it did. */
export function endingOf(
  seen: Observation,
  end: 'judged' | 'timed-out' | 'interrupted' | { explanation: Explanation },
  unanswered: string | undefined,
  deps: RolloutDeps,
): Ending {
  const { verdict } = seen;
  const isServing = verdict?.verdict === 'deployed' || verdict?.verdict === 'unchanged';
  if (isServing && unanswered !== undefined) return unansweredEnding(unanswered, deps);
  if (verdict?.verdict === 'paused') return pausedEnding(verdict.pause);
  if (verdict !== undefined) return withSuccessor(verdict, seen);
  if (typeof end === 'object') return refusedEnding(seen, end.explanation);
  if (end === 'interrupted') {
    const cause = `${deps.interrupt.name()} came before the verdict; the deployment goes on.`;
    return { verdict: 'interrupted', explanation: { code: 'INTERRUPTED', cause, fix: followAgain } };
  }
  if (seen.pause !== undefined) return pausedEnding(seen.pause);
  return {
    verdict: 'timed-out',
    explanation: { code: 'TIMED_OUT', cause: lateCause(seen), ...optional('said', seen.trouble), fix: waitLonger },
  };
}

const followAgain = 'The same command (without --force-new-deployment) follows the deployment that is under way.';
const waitLonger = `${followAgain} A longer --timeout waits longer.`;

function lateCause(seen: Observation): string {
  if (seen.firsts.deployed !== undefined && !isDrained(seen.service, seen.own.deploymentId)) {
    return 'The new revision serves, but old tasks were still there when time ran out.';
  }
  const threshold = thresholdReached(seen);
  if (threshold === undefined) return 'Time ran out before the verdict; the deployment goes on.';
  return `Time ran out. The threshold of the circuit breaker (${threshold} failed tasks) is reached, but Amazon ECS has not decided yet; the deployment goes on.`;
}

function unansweredEnding(unanswered: string, { interrupt }: RolloutDeps): Ending {
  if (interrupt.signal.aborted) {
    const cause = `${interrupt.name()} came before the application had answered.`;
    return { verdict: 'interrupted', explanation: { code: 'INTERRUPTED', cause } };
  }
  const fix = 'The application does not answer as expected: look at its log, and whether the address is right.';
  return { verdict: 'failed', explanation: { code: 'CHECK_URL', cause: unanswered, fix } };
}

function pausedEnding(pause: NonNullable<Observation['pause']>): Ending {
  const cause = `A pause hook (${pause.stage ?? 'stage unknown'}) waits for an answer${untilText(pause)}.`;
  return {
    verdict: 'paused',
    explanation: { code: 'PAUSED', cause, fix: 'Test the new revision, then answer the hook.' },
  };
}

/** Adds what the deployment brings that took the place of ours; one of before ours is back because that one failed in turn. */
function withSuccessor(ending: Ending, { service, own, idsBefore }: Observation): Ending {
  const primary = service?.deployments?.find(({ status }) => status === 'PRIMARY');
  const { id = '', taskDefinition } = primary ?? {};
  if (ending.verdict !== 'superseded' || ending.explanation === undefined) return ending;
  if (id === own.deploymentId || taskDefinition === undefined) return ending;
  const revision = resourceName(taskDefinition);
  const since = idsBefore.has(id)
    ? `It did not last: ${revision} serves again.`
    : `Deployment ${id} brings ${revision}.`;
  const cause = `${ending.explanation.cause} ${since}`;
  return { ...ending, explanation: { ...ending.explanation, cause } };
}

/** AWS refused while we were polling: what was started is named. */
function refusedEnding({ own }: Observation, explanation: Explanation): Ending {
  const goesOn = ['deployment', 'rollback'].includes(own.plan.kind)
    ? ` Deployment ${own.deploymentId} of ${own.name} goes on.`
    : '';
  return { verdict: 'refused', explanation: { ...explanation, cause: `${explanation.cause}${goesOn}` } };
}
