import { watchSilence } from '../base/heartbeat.ts';
import { adaptiveIntervalMs, poll, troubleText } from '../base/poll.ts';
import type { Evidence } from './evidence.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';
import { continueCommand } from './next-commands.ts';
import { askedRevision, type Observation, observe, runningTasks } from './observe.ts';
import { progressOf, progressTeller } from './progress.ts';
import { pollServiceDeployments, type ServiceDeploymentReader } from './service-deployments.ts';
import { describeServices, pickService } from './services.ts';
import { verdictOf } from './verdict.ts';

/** More services than one request describes are not polled each second at the start. */
const few = 10;
const calmIntervalMs = (elapsedMs: number): number => Math.max(2_000, adaptiveIntervalMs(elapsedMs));

export type FollowEnd = 'judged' | 'timed-out' | 'interrupted';

/** Polls all services until the verdict on each stands, time runs out or the user interrupts. */
export async function follow(
  observations: readonly Observation[],
  options: RolloutOptions,
  { reader, evidence }: { reader: ServiceDeploymentReader; evidence: Evidence },
  outer: RolloutDeps,
): Promise<FollowEnd> {
  const { clock, interrupt } = outer;
  const startMs = clock.now();
  const { emit, breakSilence } = watchSilence(outer.emit, clock);
  const deps = { ...outer, emit };
  const heartbeat = (): void => {
    const open = observations.filter(({ verdict }) => verdict === undefined);
    if (open.length === 0) return;
    const progress = open.length === 1 && open[0] !== undefined ? progressOf(open[0], options) : undefined;
    const elapsedMs = clock.now() - startMs;
    const leftMs = options.timeoutMs - elapsedMs;
    const services = open.map(({ own }) => own.name);
    breakSilence(() => ({
      type: 'heartbeat',
      services,
      elapsedMs,
      leftMs,
      progress,
      pausedService: open.find(({ pause }) => pause !== undefined)?.own.name,
    }));
  };
  const tellProgress = progressTeller(options, deps);
  const polled = await poll(
    async () => {
      await pollOnce(observations, options, { reader, tellProgress, evidence }, deps);
      heartbeat();
      return observations.every(({ verdict }) => verdict !== undefined) || undefined;
    },
    {
      clock,
      interrupt,
      timeoutMs: options.timeoutMs,
      intervalMs: options.pollIntervalMs ?? (observations.length > few ? calmIntervalMs : undefined),
      maxLooks: options.maxLooks,
      onTrouble: (error, inARow) => {
        if (inARow === 1 || inARow % 10 === 0) emit({ type: 'trouble', message: error.message, inARow });
        heartbeat();
      },
    },
  );
  if (polled.end === 'answered') return 'judged';
  for (const seen of observations)
    seen.trouble = polled.trouble === undefined ? undefined : troubleText(polled.trouble);
  return polled.end;
}

interface Watch {
  reader: ServiceDeploymentReader;
  tellProgress(seen: Observation): void;
  evidence: Evidence;
}

async function pollOnce(
  observations: readonly Observation[],
  options: RolloutOptions,
  { reader, tellProgress, evidence }: Watch,
  deps: RolloutDeps,
): Promise<void> {
  const { cluster, desiredCount } = options;
  const open = observations.filter(({ verdict }) => verdict === undefined);
  const names = open.map(({ own }) => own.name);
  const services = await describeServices(cluster, names, deps.aws);
  for (const seen of open) {
    const messages = observe(seen, pickService(services, seen.own.name), deps.clock.now(), desiredCount);
    for (const message of messages) deps.emit({ type: 'service-event', service: seen.own.name, message });
  }
  const withDeployment = open.filter(({ own }) => own.plan.kind !== 'scaling');
  await pollServiceDeployments(withDeployment, cluster, reader, deps);
  // Whether what stands already is well is seen from its stopped tasks alone.
  const standing = open.filter(({ own }) => own.plan.kind === 'unchanged');
  await Promise.all(standing.map((seen) => evidence.gather(seen)));
  for (const seen of open) {
    tellProgress(seen);
    judge(seen, options, deps);
  }
  // Why tasks failed is read before the verdict is told, and told first, but never keeps it from standing.
  const isServing = ({ verdict }: Observation): boolean =>
    ['deployed', 'unchanged', 'not-verified', 'paused'].includes(verdict?.verdict ?? '');
  await Promise.all(open.filter((seen) => !isServing(seen)).map((seen) => evidence.gather(seen)));
  for (const { own, verdict } of open) {
    // A pause has been told with its answers.
    if (verdict === undefined || verdict.verdict === 'paused') continue;
    const isBack = own.plan.kind === 'rollback' && verdict.verdict === 'rolled-back';
    const phase = 'phase' in verdict && !isBack ? verdict.phase : undefined;
    const { name: service } = own;
    const taskDefinitionArn = askedRevision(own) ?? '';
    deps.emit({ type: 'service-judged', service, taskDefinitionArn, verdict: verdict.verdict, phase });
  }
}

function judge(seen: Observation, options: RolloutOptions, deps: RolloutDeps): void {
  const verdict = verdictOf(seen, options);
  const { own } = seen;
  const pause = verdict.verdict === 'paused' ? verdict.pause : undefined;
  if (pause !== undefined && pause.hookId !== seen.pause?.hookId) {
    const where = { aws: deps.aws, cluster: options.cluster, service: own.name };
    const command = continueCommand(where, 'continue');
    deps.emit({ type: 'paused', service: own.name, pause, continueCommand: command, atMs: seen.atMs });
  }
  seen.pause = pause;
  const isSuccessful = seen.serviceDeployment?.status === 'SUCCESSFUL' && runningTasks(seen) > 0;
  if (isSuccessful || verdict.verdict === 'deployed') seen.firsts.deployed ??= seen.atMs;
  if (verdict.verdict === 'running' || (verdict.verdict === 'paused' && options.until !== 'paused')) return;
  seen.firsts.judged = seen.atMs;
  seen.verdict = verdict;
}
