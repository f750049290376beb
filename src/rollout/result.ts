import type { Service } from '@aws-sdk/client-ecs';
import { UserError } from '../errors.ts';
import { exitCode, interruptedExitCode } from '../outcome.ts';
import type { Interrupt } from '../ports.ts';
import type { RolloutRecord } from '../records/record.ts';
import type { OurDeployment, RolloutDeps, RolloutOptions, ServiceEnd, ServiceResult } from './model.ts';
import type { Watched } from './watched.ts';

/** The exit code that an end stands for. */
function exitCodeOf(end: ServiceEnd, interrupt: Interrupt): number {
  switch (end.verdict) {
    case 'landed':
    case 'nothing-to-do':
    case 'no-tasks':
    case 'started':
      return exitCode.done;
    case 'failed':
    case 'rolled-back':
      return exitCode.failed;
    case 'timed-out':
    case 'paused':
      return exitCode.timedOut;
    case 'overtaken':
      return exitCode.overtaken;
    case 'interrupted':
      return interruptedExitCode(interrupt.name());
    case 'refused':
      return exitCode.userError;
  }
}

const gravest = [
  exitCode.interrupted.SIGTERM,
  exitCode.interrupted.SIGINT,
  exitCode.failed,
  exitCode.userError,
  exitCode.timedOut,
  exitCode.overtaken,
  exitCode.done,
];

/** The worst of many services decides. */
export function worst(results: readonly ServiceResult[]): number {
  return gravest.find((code) => results.some((result) => result.exitCode === code)) ?? exitCode.done;
}

/** The revision that serves now: ours where it landed, else what runs beside it. */
function servesNow(service: Service | undefined, ours: OurDeployment, end: ServiceEnd): string | undefined {
  if (['landed', 'nothing-to-do'].includes(end.verdict)) return ours.taskDefinitionArn;
  // What ECS calls landed serves, whatever the application answers; the old tasks are only on their way out.
  if (end.verdict === 'failed' && ['CHECK_URL', 'DIGEST_MISMATCH'].includes(end.code)) return ours.taskDefinitionArn;
  const running = (service?.deployments ?? []).filter(({ runningCount = 0 }) => runningCount > 0);
  const others = running.filter(({ id }) => id !== ours.deploymentId);
  // An old revision whose rollout was completed is surer than one that is on its way.
  const sure = others.find(({ rolloutState }) => rolloutState === 'COMPLETED') ?? others[0];
  if (sure !== undefined) return sure.taskDefinition;
  if (running.length === 0) return undefined;
  return ['timed-out', 'paused', 'interrupted', 'started'].includes(end.verdict)
    ? undefined
    : running[0]?.taskDefinition;
}

/** A result without anything that has to be looked up. */
export function plainResult(watched: Watched, end: ServiceEnd, deps: RolloutDeps): ServiceResult {
  const { ours, recordArn, firsts } = watched;
  const nowMs = deps.clock.now();
  const since = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms - ours.startedAtMs);
  const hasLanded = firsts.landed !== undefined && ['timed-out', 'interrupted'].includes(end.verdict);
  const timings = { tasksRunning: since(firsts.running), landed: since(firsts.landed), judged: since(firsts.ended) };
  return {
    service: ours.name,
    end,
    taskDefinition: ours.taskDefinitionArn,
    previousTaskDefinition: ours.plan.before.primary?.taskDefinition,
    deploymentId: ours.deploymentId,
    serviceDeploymentArn: recordArn,
    servesNow: hasLanded ? ours.taskDefinitionArn : servesNow(watched.service, ours, end),
    images: [],
    failedTasks: [...watched.failedTasks.values()],
    events: watched.events,
    rollback: undefined,
    progress: undefined,
    notes: [],
    timingsMs: Object.fromEntries(
      Object.entries(timings).filter((entry): entry is [string, number] => entry[1] !== undefined),
    ),
    startedAtMs: ours.startedAtMs,
    finishedAtMs: nowMs,
    exitCode: exitCodeOf(end, deps.interrupt),
  };
}

const statuses: Record<ServiceEnd['verdict'], RolloutRecord['status']> = {
  landed: 'succeeded',
  'nothing-to-do': 'succeeded',
  'no-tasks': 'succeeded',
  started: 'succeeded',
  failed: 'failed',
  'rolled-back': 'failed',
  overtaken: 'overtaken',
  paused: 'timed-out',
  'timed-out': 'timed-out',
  interrupted: 'interrupted',
  refused: 'refused',
};

/** The record of one service, while it runs (without a result) and at its end. */
export function rolloutRecord(
  ours: OurDeployment,
  result: ServiceResult | undefined,
  options: RolloutOptions,
  deps: RolloutDeps,
): RolloutRecord {
  const moment = (ms: number): string => new Date(ms).toISOString();
  const base = {
    schemaVersion: 1 as const,
    stage: 'update-service-and-verify' as const,
    cluster: options.cluster,
    service: ours.name,
    region: deps.aws.region,
    startedAt: moment(ours.startedAtMs),
    taskDefinition: ours.taskDefinitionArn,
    ...optional('deploymentId', ours.deploymentId === '' ? undefined : ours.deploymentId),
    ci: deps.ci,
    ...optional('previousTaskDefinition', ours.plan.before.primary?.taskDefinition),
  };
  if (result === undefined) return { ...base, status: 'running', verdict: 'going' };
  const { end } = result;
  const first = result.failedTasks[0];
  return {
    ...base,
    status: statuses[end.verdict],
    verdict: end.verdict,
    exitCode: result.exitCode,
    finishedAt: moment(result.finishedAtMs),
    timingsMs: result.timingsMs,
    ...optional('reasonCode', reasonCode(result)),
    ...optional('reason', reasonOf(end)),
    ...optional('fix', end.verdict === 'refused' ? fixOf(end.error) : first?.fix),
    ...optional('servesNow', result.servesNow),
    ...optional('serviceDeploymentArn', result.serviceDeploymentArn),
    ...(first === undefined
      ? {}
      : {
          lastLogLines: result.failedTasks.flatMap(({ logTail }) => logTail.flatMap(({ lines }) => lines)).slice(-50),
        }),
    images: result.images,
    failedTasks: result.failedTasks.map(({ taskArn, stopCode, stoppedReason, containers, logTail }) => ({
      taskArn,
      containers,
      ...optional('stopCode', stopCode),
      ...optional('reason', stoppedReason),
      lastLogLines: logTail.flatMap(({ lines }) => lines),
    })),
    events: result.events,
  };
}

function reasonOf(end: ServiceEnd): string | undefined {
  if (!('reason' in end)) return undefined;
  const why = end.verdict === 'refused' && end.error instanceof UserError ? end.error.why : undefined;
  return why === undefined ? end.reason : `${end.reason} ${why.trim()}`;
}

const fixOf = (error: Error): string | undefined => (error instanceof UserError ? error.fix : undefined);

/** What the tasks died of says more than that they did. */
function reasonCode({ end, failedTasks }: ServiceResult): string | undefined {
  const ownCode = end.verdict === 'failed' ? end.code : undefined;
  if (end.verdict !== 'failed' && end.verdict !== 'rolled-back') return ownCode;
  return failedTasks.find(({ code }) => code !== undefined)?.code ?? ownCode ?? 'ROLLED_BACK';
}

function optional<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Partial<Record<K, V>>);
}

/** A result as `--output json` shows it. */
export function resultDocument(result: ServiceResult): object {
  const { end, startedAtMs, finishedAtMs, ...rest } = result;
  const { error, ...plainEnd } = { error: undefined, ...end };
  return {
    ...rest,
    ...plainEnd,
    ...optional('fix', error instanceof UserError ? error.fix : rest.failedTasks[0]?.fix),
    ...optional('reasonCode', reasonCode(result)),
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
  };
}
