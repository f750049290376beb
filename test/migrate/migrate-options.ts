import type { MigrateOptions } from '../../src/migrate/options.ts';

/** A migration of the family `app` on Fargate with nothing special about it. */
export const options: MigrateOptions = {
  cluster: 'prod',
  taskDefinition: 'app',
  overrides: {},
  container: undefined,
  command: ['rails', 'db:migrate'],
  environment: [],
  images: [],
  placement: {
    networkFromService: undefined,
    subnets: ['subnet-1'],
    securityGroups: [],
    assignPublicIp: undefined,
    launchType: 'FARGATE',
    capacityProviderStrategy: [],
    platformVersion: undefined,
  },
  startedBy: undefined,
  group: undefined,
  tags: [],
  propagateTags: undefined,
  enableExecuteCommand: false,
  clientToken: undefined,
  exclusive: 'wait',
  retryCapacityMs: undefined,
  wait: true,
  waiting: {
    timeoutMs: 3_600_000,
    pollIntervalMs: undefined,
    logs: true,
    logGraceMs: undefined,
    onTimeout: 'leave',
    onInterrupt: 'leave',
    passExitCode: false,
  },
};
