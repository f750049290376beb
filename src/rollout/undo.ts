import { familyRevision } from '../base/arn.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { type PollEnd, poll } from '../base/poll.ts';
import { UserError } from '../errors.ts';
import type { Interrupt } from '../ports.ts';
import { deploymentVerdict } from './deployment-verdict.ts';
import { noReason } from './explain.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';
import { type Observation, primaryOf } from './observe.ts';
import { describeServices, pickService } from './services.ts';

/** Rolling back takes about as long as rolling out; longer than this it is left to go on by itself. */
const longestWaitMs = 15 * 60_000;

/** The first signal brought us here; only a second one, which ends the program, may cut this short. */
const undisturbed: Interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' };

/** How going back went, as the record keeps it. */
export interface Undone {
  done: boolean;
  text: string;
}

/** Rolls a service back, waits for it and says how that went. */
export async function undo(seen: Observation, options: RolloutOptions, outer: RolloutDeps): Promise<Undone> {
  const deps = { ...outer, interrupt: undisturbed };
  const { own, verdict } = seen;
  if (own.plan.kind === 'scaling') {
    const text = `Only the number of tasks was changed; it stays ${options.desiredCount}: there is no deployment to roll back.`;
    return { done: false, text };
  }
  if (own.plan.kind === 'unchanged') return { done: false, text: 'Nothing was changed, so nothing was rolled back.' };
  if (verdict?.verdict === 'rolled-back') return waitForServiceDeployment(seen, deps);
  const isStopped = seen.serviceDeploymentArn !== undefined && (await stop(seen, deps));
  return isStopped ? waitForServiceDeployment(seen, deps) : previousRevision(seen, options, deps);
}

async function stop({ serviceDeploymentArn, own }: Observation, { aws, emit }: RolloutDeps): Promise<boolean> {
  emit({ type: 'rolling-back', service: own.name, how: 'StopServiceDeployment' });
  try {
    await aws.ecs.stopServiceDeployment({ serviceDeploymentArn, stopType: 'ROLLBACK' });
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    emit({ type: 'note', text: `${error.message} ${error.why ?? ''}`.trim() });
    return false;
  }
}

async function waitForServiceDeployment(seen: Observation, deps: RolloutDeps): Promise<Undone> {
  const { serviceDeploymentArn, own } = seen;
  if (serviceDeploymentArn === undefined) return waitForPrimary(seen, undefined, deps);
  const result = await pollAloud(
    own.name,
    async () => {
      const { serviceDeployments = [] } = await deps.aws.ecs.describeServiceDeployments({
        serviceDeploymentArns: [serviceDeploymentArn],
      });
      const [now] = serviceDeployments;
      seen.serviceDeployment = now ?? seen.serviceDeployment;
      const over = ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED', 'STOPPED', 'SUCCESSFUL'];
      return over.includes(now?.status ?? '') ? now : undefined;
    },
    deps,
  );
  if (result.end !== 'answered') return unfinished(own.name);
  if (result.answer.status === 'ROLLBACK_SUCCESSFUL') return isBack(seen);
  const reason = result.answer.statusReason ?? noReason;
  return { done: false, text: `The rollback of ${own.name} ended ${result.answer.status}: ${reason}` };
}

async function previousRevision(seen: Observation, options: RolloutOptions, deps: RolloutDeps): Promise<Undone> {
  const { own } = seen;
  const previous = own.plan.before.primary?.taskDefinition;
  if (previous === undefined) return { done: false, text: `${own.name} has no previous revision to return to.` };
  deps.emit({ type: 'rolling-back', service: own.name, how: `UpdateService to ${familyRevision(previous)}` });
  const { service } = await deps.aws.ecs.updateService({
    cluster: options.cluster,
    service: own.name,
    taskDefinition: previous,
    ...(previous === own.taskDefinitionArn ? { forceNewDeployment: true } : {}),
    ...(options.desiredCount === undefined ? {} : { desiredCount: own.plan.before.service.desiredCount }),
  });
  const id = primaryOf(service)?.id;
  return waitForPrimary(seen, id === own.deploymentId ? undefined : id, deps);
}

/** Follows the deployment that brings the old revision back, whichever is PRIMARY when its id is not known. */
async function waitForPrimary(seen: Observation, id: string | undefined, deps: RolloutDeps): Promise<Undone> {
  const { own } = seen;
  const { clusterArn = '' } = own.plan.before.service;
  const idsBefore = new Set(own.deploymentId === undefined ? [] : [own.deploymentId]);
  const result = await pollAloud(
    own.name,
    async () => {
      const service = pickService(await describeServices(clusterArn, [own.name], deps.aws), own.name);
      if (service === undefined) return undefined;
      seen.service = service;
      const primary = primaryOf(service);
      const deploymentId = id ?? (primary?.id === own.deploymentId ? undefined : primary?.id);
      if (deploymentId === undefined) return undefined;
      const facts = { deploymentId, createdAtMs: 0, idsBefore, wasSeen: false, awayMs: 0 };
      const verdict = deploymentVerdict(service, facts);
      return verdict.verdict === 'running' ? undefined : verdict;
    },
    deps,
  );
  if (result.end !== 'answered') return unfinished(own.name);
  const { verdict } = result.answer;
  if (verdict === 'deployed') return isBack(seen);
  return { done: false, text: `The rollback of ${own.name} did not succeed: ${verdict}.` };
}

const isBack = ({ own }: Observation): Undone => {
  const previous = familyRevision(own.plan.before.primary?.taskDefinition ?? 'the previous revision');
  return { done: true, text: `${own.name} is back on ${previous}.` };
};

/** Polls with a sign of life every minute. */
function pollAloud<T>(service: string, ask: () => Promise<T | undefined>, deps: RolloutDeps): Promise<PollEnd<T>> {
  const { clock, interrupt } = deps;
  const startMs = clock.now();
  const { emit, breakSilence } = watchSilence(deps.emit, clock);
  const heartbeat = (): void =>
    breakSilence(() => ({
      type: 'heartbeat',
      services: [`the rollback of ${service}`],
      elapsedMs: clock.now() - startMs,
      leftMs: longestWaitMs - (clock.now() - startMs),
      progress: undefined,
      pausedService: undefined,
    }));
  return poll(
    async () => {
      const answer = await ask();
      heartbeat();
      return answer;
    },
    {
      clock,
      interrupt,
      timeoutMs: longestWaitMs,
      onTrouble: (error, inARow) => {
        if (inARow === 1 || inARow % 10 === 0) emit({ type: 'trouble', message: error.message, inARow });
      },
    },
  );
}

const unfinished = (service: string): Undone => ({
  done: false,
  text: `The rollback of ${service} goes on; it was not finished within 15 minutes.`,
});
