import { watchSilence } from '../base/heartbeat.ts';
import { poll, troubleText } from '../base/poll.ts';
import { lookForFailures } from './failures.ts';
import type { RolloutDeps } from './model.ts';
import { allowedFailures, progressOf, tellEvents, tellProgress } from './progress.ts';
import { lookAtRecords, type RecordSearch } from './service-deployments.ts';
import { describeServices, pickService } from './services.ts';
import { deploymentVerdict, type RolloutVerdict, serviceDeploymentVerdict } from './verdict.ts';
import { type FollowOptions, failureCount, hasBreaker, mineOf, type Watched } from './watched.ts';

/** Looks at all services until each one's verdict stands, time runs out or the user interrupts. */
export async function follow(
  watched: readonly Watched[],
  options: FollowOptions,
  search: RecordSearch,
  outer: RolloutDeps,
): Promise<'judged' | 'timed-out' | 'interrupted'> {
  const { clock } = outer;
  const startMs = clock.now();
  const { announce, breakSilence } = watchSilence(outer.announce, clock);
  const deps = { ...outer, announce };
  const heartbeat = (): void => {
    const open = watched.filter(({ end }) => end === undefined);
    if (open.length === 0) return;
    const progress = open.length === 1 && open[0] !== undefined ? progressOf(open[0], options) : undefined;
    const elapsedMs = clock.now() - startMs;
    breakSilence(() => ({ type: 'heartbeat', services: open.map(({ ours }) => ours.name), elapsedMs, progress }));
  };
  const looked = await poll(
    async () => {
      await look(watched, options, search, deps);
      heartbeat();
      return watched.every((one) => one.end !== undefined) || undefined;
    },
    {
      clock,
      interrupt: deps.interrupt,
      timeoutMs: options.timeoutMs,
      intervalMs: options.pollIntervalMs,
      maxLooks: options.maxLooks,
      onTrouble: (error, inARow) => {
        if (inARow === 1 || inARow % 10 === 0) announce({ type: 'trouble', message: error.message, inARow });
        heartbeat();
      },
    },
  );
  if (looked.end === 'answered') return 'judged';
  for (const one of watched) one.trouble = looked.trouble === undefined ? undefined : troubleText(looked.trouble);
  return looked.end;
}

const goneAfterMs = 30_000;

async function look(
  watched: readonly Watched[],
  options: FollowOptions,
  search: RecordSearch,
  deps: RolloutDeps,
): Promise<void> {
  const open = watched.filter(({ end }) => end === undefined);
  const services = await describeServices(
    options.cluster,
    open.map(({ ours }) => ours.name),
    deps.aws,
  );
  for (const one of open) {
    one.looks++;
    const found = pickService(services, one.ours.name);
    const nowMs = deps.clock.now();
    one.missingSinceMs = found === undefined ? (one.missingSinceMs ?? nowMs) : undefined;
    // A service that stays away was deleted, but answers without it may be stale reads for a while.
    const isGone = one.missingSinceMs !== undefined && nowMs - one.missingSinceMs >= goneAfterMs;
    one.service = found ?? (isGone ? { ...one.service, status: 'INACTIVE' } : one.service);
  }
  const withRecords = open.filter(({ ours }) => ours.plan.before.knownRecords !== undefined && !ours.isScaling);
  await lookAtRecords(withRecords, options.cluster, search, deps);
  for (const one of open) {
    tellEvents(one, deps);
    await lookForFailures(one, options.cluster, deps);
    tellProgress(one, options, deps);
    judge(one, options, deps);
  }
}

function judge(one: Watched, options: FollowOptions, deps: RolloutDeps): void {
  const verdict = verdictOf(one, options, deps.clock.now());
  if (verdict.verdict === 'paused') {
    if (one.pause?.hookId !== verdict.pause.hookId) {
      const { pause } = verdict;
      deps.announce({
        type: 'paused',
        service: one.ours.name,
        pause,
        continueCommand: continueCommand(one, pause.hookId),
      });
    }
    one.pause = verdict.pause;
    return;
  }
  one.pause = undefined;
  const nowMs = deps.clock.now();
  if (verdict.verdict === 'going') return;
  if (verdict.verdict === 'landed') {
    one.firsts.landed ??= nowMs;
    if (options.until === 'drained' && !verdict.drained) return;
  }
  one.firsts.ended = nowMs;
  one.end = verdict;
  deps.announce({
    type: 'service-judged',
    service: one.ours.name,
    verdict: verdict.verdict,
    ...(verdict.verdict === 'rolled-back' ? { phase: verdict.phase } : {}),
    elapsedMs: nowMs - one.ours.startedAtMs,
  });
}

function verdictOf(one: Watched, options: FollowOptions, nowMs: number): RolloutVerdict {
  const { service, record, ours } = one;
  if (service === undefined) return { verdict: 'going', isVisible: false };
  const known = {
    deploymentId: ours.deploymentId,
    baselineId: ours.isAdopted ? undefined : ours.plan.before.primary?.id,
    newer: one.newer,
  };
  const byDeployment = deploymentVerdict(service, known);
  const isDeleted = byDeployment.verdict === 'failed' && byDeployment.code === 'SERVICE_DELETED';
  const verdict = record === undefined || isDeleted ? byDeployment : serviceDeploymentVerdict(record, service, known);
  if (verdict.verdict === 'landed' && byDeployment.verdict === 'overtaken') {
    // What landed and was replaced before its old tasks were gone will never be drained.
    const isAwaited = options.until === 'drained' && !verdict.drained;
    if (isAwaited || isReplaced(one)) return byDeployment;
  }
  // What was deployed long ago proves nothing about now: its tasks may have died since.
  if (ours.isAdopted && verdict.verdict === 'landed') {
    const isFull = service.runningCount === service.desiredCount && (service.pendingCount ?? 0) === 0;
    const isQuiet = (mineOf(one)?.failedTasks ?? 0) === 0;
    if (isFull && isQuiet && isCountTaken(one, options, nowMs)) return verdict;
    return tooManyFailures(one, options, nowMs) ?? { verdict: 'going', isVisible: true };
  }
  if (verdict.verdict !== 'going') return verdict;
  return tooManyFailures(one, options, nowMs) ?? verdict;
}

/** Another revision landed since: ours was served for a while only. */
function isReplaced({ service, ours }: Watched): boolean {
  const primary = service?.deployments?.find(({ status }) => status === 'PRIMARY');
  return primary?.rolloutState === 'COMPLETED' && primary.taskDefinition !== ours.taskDefinitionArn;
}

const staleForMs = 60_000;

/** Right after the update a stale read still shows the old number of tasks; later on autoscaling may have changed it. */
function isCountTaken(one: Watched, { desiredCount }: FollowOptions, nowMs: number): boolean {
  one.sawCount ||= one.service?.desiredCount === desiredCount;
  return !one.ours.isScaling || one.sawCount || nowMs - one.ours.startedAtMs >= staleForMs;
}

/** ECS gets this long to say itself that its circuit breaker is open: it also says what it does then. */
const breakerGraceMs = 30_000;

function tooManyFailures(one: Watched, options: FollowOptions, nowMs: number): RolloutVerdict | undefined {
  const failed = failureCount(one);
  const allowed = allowedFailures(one, options);
  if (one.ours.isScaling || failed < allowed) {
    one.overLimitSinceMs = undefined;
    return undefined;
  }
  one.overLimitSinceMs ??= nowMs;
  const isForEcs = options.maxFailedTasks === undefined && hasBreaker(one);
  if (isForEcs && nowMs - one.overLimitSinceMs < breakerGraceMs) return undefined;
  return {
    verdict: 'failed',
    code: 'TOO_MANY_FAILED_TASKS',
    reason: `${failed} task${failed === 1 ? '' : 's'} of the new revision failed; the limit is ${allowed}.`,
  };
}

/** The command that lets a paused deployment go on. */
export function continueCommand({ recordArn }: Watched, hookId: string): string | undefined {
  if (recordArn === undefined) return undefined;
  return `aws ecs continue-service-deployment --service-deployment-arn ${recordArn} --hook-id ${hookId} --action CONTINUE`;
}
