import type { Core } from '../core.ts';
import { ApiError, type Json, type Operations } from '../wire.ts';
import { invalid } from './checks.ts';
import { statusReason } from './events.ts';
import { fail } from './outcome.ts';
import type { ServiceDeploymentRecord, ServiceRecord } from './records.ts';
import type { ServiceScheduler } from './scheduler.ts';
import { findService, type ServiceMap } from './service-api.ts';
import { revisionView, serviceDeploymentBrief, serviceDeploymentView } from './service-deployment-view.ts';

/** How far back a time filter may reach: three months, taken as 90 days. */
const historyMs = 90 * 86_400_000;

interface Found {
  service: ServiceRecord;
  record: ServiceDeploymentRecord;
}

/** The service-deployment operations: list, describe, stop, continue, and the revisions they lead to. */
export function serviceDeploymentOperations(core: Core, services: ServiceMap, scheduler: ServiceScheduler): Operations {
  const { ground } = scheduler;
  const visible = (record: ServiceDeploymentRecord): boolean => record.visibleAtMs <= core.world.clock.now();
  const find = (arn: string): Found | undefined => {
    for (const service of services.values()) {
      const record = service.serviceDeployments.find((one) => one.arn === arn && visible(one));
      if (record !== undefined) return { service, record };
    }
    return undefined;
  };
  const known = (arn: string): Found => {
    const found = find(arn);
    if (found === undefined) {
      throw new ApiError('ServiceDeploymentNotFoundException', 'Service deployment not found.');
    }
    return found;
  };
  return {
    ListServiceDeployments: (input: Json) => {
      const cluster = core.clusters.get(input.cluster);
      const service = findService(services, String(input.service ?? ''), cluster.name);
      if (service === undefined) throw new ApiError('ServiceNotFoundException', 'Service not found.');
      return list(input, service, service.serviceDeployments.filter(visible), scheduler);
    },
    DescribeServiceDeployments: (input: Json) => {
      const arns = limited(input.serviceDeploymentArns);
      const found = arns.map((arn) => find(arn));
      return {
        serviceDeployments: found
          .filter((one) => one !== undefined)
          .map(({ service, record }) => serviceDeploymentView(record, service, ground)),
        failures: arns.filter((_, index) => found[index] === undefined).map((arn) => ({ arn, reason: 'MISSING' })),
      };
    },
    DescribeServiceRevisions: (input: Json) => {
      const arns = limited(input.serviceRevisionArns);
      const all = [...services.values()].flatMap((service) =>
        service.revisions.map((revision) => ({ service, revision })),
      );
      const found = arns.map((arn) => all.find(({ revision }) => revision.arn === arn));
      return {
        serviceRevisions: found
          .filter((one) => one !== undefined)
          .map(({ service, revision }) => revisionView(revision, service, ground)),
        failures: arns.filter((_, index) => found[index] === undefined).map((arn) => ({ arn, reason: 'MISSING' })),
      };
    },
    StopServiceDeployment: (input: Json) => {
      const { service, record } = known(input.serviceDeploymentArn);
      if ((input.stopType ?? 'ROLLBACK') !== 'ROLLBACK') throw invalid('Valid values are: ROLLBACK.');
      if (record.finishedAtMs !== undefined) {
        throw new ApiError(
          'ConflictException',
          `Service deployment is in ${record.status} status and cannot be stopped.`,
        );
      }
      scheduler.requestRollback(service, record);
      return { serviceDeploymentArn: record.arn };
    },
    ContinueServiceDeployment: (input: Json) => {
      const { service, record } = known(input.serviceDeploymentArn);
      const hook = record.hooks.find(({ hookId }) => hookId === input.hookId);
      if (hook === undefined) throw invalid('The hook was not found.');
      if (hook.status !== 'AWAITING_ACTION' || record.status !== 'IN_PROGRESS') {
        throw new ApiError('ConflictException', `Lifecycle hook is in ${hook.status} status.`);
      }
      hook.status = input.action === 'ROLLBACK' ? 'FAILED' : 'SUCCEEDED';
      const deployment = service.deployments.find((one) => one.serviceDeployment === record);
      if (hook.status === 'FAILED' && deployment !== undefined) {
        fail(
          service,
          deployment,
          { kind: 'hook', statusReason: statusReason.pause(hook.stage), rollback: true },
          ground,
        );
      }
      ground.wake(service);
      return { serviceDeploymentArn: record.arn };
    },
  };
}

function list(
  input: Json,
  service: ServiceRecord,
  records: ServiceDeploymentRecord[],
  scheduler: ServiceScheduler,
): Json {
  const { after = 0, before = Number.POSITIVE_INFINITY } = input.createdAt ?? {};
  const oldestSeconds = (scheduler.ground.core.world.clock.now() - historyMs) / 1000;
  if (input.createdAt?.after < oldestSeconds || input.createdAt?.before < oldestSeconds) {
    throw invalid('Before and After time filter must be within the last 3 months.');
  }
  const fitting = records.filter(
    ({ status, createdAtMs }) =>
      (input.status === undefined || input.status.includes(status)) &&
      createdAtMs / 1000 >= after &&
      createdAtMs / 1000 <= before,
  );
  const from = Number(input.nextToken ?? 0);
  const to = from + (input.maxResults ?? 20);
  return {
    serviceDeployments: fitting
      .slice(from, to)
      .map((record) => serviceDeploymentBrief(record, service, scheduler.ground)),
    nextToken: to < fitting.length ? String(to) : undefined,
  };
}

function limited(arns: string[] = []): string[] {
  if (arns.length === 0) throw invalid('The list of ARNs cannot be empty.');
  if (arns.length > 20) throw invalid('At most 20 ARNs can be described at once.');
  return arns;
}
