import { familyRevision } from '../base/arn.ts';
import { watchSilence } from '../base/heartbeat.ts';
import { type PollEnd, poll } from '../base/poll.ts';
import { UserError } from '../errors.ts';
import type { Interrupt } from '../ports.ts';
import type { RolloutDeps, RolloutOptions } from './model.ts';
import { describeServices, pickService } from './services.ts';
import { deploymentVerdict } from './verdict.ts';
import type { Watched } from './watched.ts';

/** Rolling back takes about as long as rolling out; longer than this it is left to go on by itself. */
const longestWaitMs = 15 * 60_000;

/** The first signal brought us here; only a second one, which ends the program, may cut this short. */
const undisturbed: Interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' };

/** Rolls a service back, waits for it and says how that went. */
export async function undo(
  watched: Watched,
  options: RolloutOptions,
  outer: RolloutDeps,
): Promise<{ done: boolean; text: string }> {
  const deps = { ...outer, interrupt: undisturbed };
  const { ours, end } = watched;
  if (ours.isScaling) {
    const text = `Only the number of tasks was changed; it stays ${options.desiredCount}: there is no deployment to roll back.`;
    return { done: false, text };
  }
  if (ours.isAdopted) return { done: false, text: 'Nothing was changed, so nothing was rolled back.' };
  if (end?.verdict === 'rolled-back') return waitForRecord(watched, deps);
  if (watched.recordArn !== undefined && (await stopped(watched, deps))) return waitForRecord(watched, deps);
  return previousRevision(watched, options, deps);
}

async function stopped({ recordArn = '', ours }: Watched, { aws, announce }: RolloutDeps): Promise<boolean> {
  announce({ type: 'rolling-back', service: ours.name, how: 'StopServiceDeployment' });
  try {
    await aws.ecs.stopServiceDeployment({ serviceDeploymentArn: recordArn, stopType: 'ROLLBACK' });
    return true;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    announce({ type: 'note', text: `${error.message} ${error.why ?? ''}`.trim() });
    return false;
  }
}

async function waitForRecord(watched: Watched, deps: RolloutDeps): Promise<{ done: boolean; text: string }> {
  const { recordArn, ours } = watched;
  const previous = nameOf(watched);
  if (recordArn === undefined) return waitForPrimary(watched, undefined, deps);
  const result = await pollAloud(
    ours.name,
    async () => {
      const { serviceDeployments = [] } = await deps.aws.ecs.describeServiceDeployments({
        serviceDeploymentArns: [recordArn],
      });
      const record = serviceDeployments[0];
      watched.record = record ?? watched.record;
      const over = ['ROLLBACK_SUCCESSFUL', 'ROLLBACK_FAILED', 'STOPPED', 'SUCCESSFUL'];
      return over.includes(record?.status ?? '') ? record : undefined;
    },
    deps,
  );
  if (result.end !== 'answered') return unfinished(ours.name);
  if (result.answer.status === 'ROLLBACK_SUCCESSFUL')
    return { done: true, text: `${ours.name} is back on ${previous}.` };
  const reason = result.answer.statusReason ?? 'Amazon ECS gave no reason.';
  return { done: false, text: `The rollback of ${ours.name} ended ${result.answer.status}: ${reason}` };
}

async function previousRevision(
  watched: Watched,
  options: RolloutOptions,
  deps: RolloutDeps,
): Promise<{ done: boolean; text: string }> {
  const { ours } = watched;
  const previous = ours.plan.before.primary?.taskDefinition;
  if (previous === undefined) return { done: false, text: `${ours.name} has no previous revision to return to.` };
  deps.announce({ type: 'rolling-back', service: ours.name, how: `UpdateService to ${familyRevision(previous)}` });
  const { service } = await deps.aws.ecs.updateService({
    cluster: options.cluster,
    service: ours.name,
    taskDefinition: previous,
    ...(previous === ours.taskDefinitionArn ? { forceNewDeployment: true } : {}),
    ...(options.desiredCount === undefined ? {} : { desiredCount: ours.plan.before.service.desiredCount }),
  });
  return waitForPrimary(watched, service?.deployments?.find(({ status }) => status === 'PRIMARY')?.id, deps);
}

/** Follows the deployment that brings the old revision back, whichever is PRIMARY when its id is not known. */
async function waitForPrimary(
  watched: Watched,
  id: string | undefined,
  deps: RolloutDeps,
): Promise<{ done: boolean; text: string }> {
  const { ours } = watched;
  const { clusterArn = '' } = ours.plan.before.service;
  const result = await pollAloud(
    ours.name,
    async () => {
      const service = pickService(await describeServices(clusterArn, [ours.name], deps.aws), ours.name);
      if (service === undefined) return undefined;
      watched.service = service;
      const primary = service.deployments?.find(({ status }) => status === 'PRIMARY');
      const deploymentId = id ?? (primary?.id === ours.deploymentId ? undefined : primary?.id);
      if (deploymentId === undefined) return undefined;
      const verdict = deploymentVerdict(service, { deploymentId, baselineId: ours.deploymentId });
      return verdict.verdict === 'going' ? undefined : verdict;
    },
    deps,
  );
  if (result.end !== 'answered') return unfinished(ours.name);
  const { verdict } = result.answer;
  if (verdict === 'landed') return { done: true, text: `${ours.name} is back on ${nameOf(watched)}.` };
  return { done: false, text: `The rollback of ${ours.name} did not land: ${verdict}.` };
}

/** Polls with a sign of life every minute. */
function pollAloud<T>(service: string, look: () => Promise<T | undefined>, deps: RolloutDeps): Promise<PollEnd<T>> {
  const { clock, interrupt } = deps;
  const startMs = clock.now();
  const { announce, breakSilence } = watchSilence(deps.announce, clock);
  const heartbeat = (): void =>
    breakSilence(() => ({
      type: 'heartbeat',
      services: [`the rollback of ${service}`],
      elapsedMs: clock.now() - startMs,
      progress: undefined,
    }));
  return poll(
    async () => {
      const answer = await look();
      heartbeat();
      return answer;
    },
    {
      clock,
      interrupt,
      timeoutMs: longestWaitMs,
      onTrouble: (error, inARow) => {
        if (inARow === 1 || inARow % 10 === 0) announce({ type: 'trouble', message: error.message, inARow });
      },
    },
  );
}

const unfinished = (service: string): { done: boolean; text: string } => ({
  done: false,
  text: `The rollback of ${service} goes on; it was not finished within 15 minutes.`,
});

const nameOf = ({ ours }: Watched): string =>
  familyRevision(ours.plan.before.primary?.taskDefinition ?? 'the previous revision');
