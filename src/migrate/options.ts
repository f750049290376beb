import type { WaitingOptions } from '../task/options.ts';
import type { TaskOverrides } from './overrides.ts';

/** Where the task runs, as far as the user said. */
export interface PlacementOptions {
  networkFromService: string | undefined;
  subnets: string[];
  securityGroups: string[];
  assignPublicIp: 'ENABLED' | 'DISABLED' | undefined;
  launchType: 'EC2' | 'FARGATE' | 'EXTERNAL' | 'MANAGED_INSTANCES' | undefined;
  capacityProviderStrategy: { capacityProvider: string; weight?: number; base?: number }[];
  platformVersion: string | undefined;
}

/** What run-migration-task was asked to do. */
export interface MigrateOptions {
  cluster: string;
  taskDefinition: string;
  overrides: TaskOverrides;
  container: string | undefined;
  command: string[] | undefined;
  environment: { name: string; value: string }[];
  images: { container: string | undefined; reference: string }[];
  placement: PlacementOptions;
  startedBy: string | undefined;
  group: string | undefined;
  tags: { key: string; value: string }[];
  propagateTags: 'TASK_DEFINITION' | 'NONE' | undefined;
  enableExecuteCommand: boolean;
  clientToken: string | undefined;
  exclusive: 'wait' | 'fail' | 'ignore';
  /** Tells several migrations of one pipeline apart. */
  name: string | undefined;
  retryCapacityMs: number | undefined;
  wait: boolean;
  waiting: WaitingOptions;
}
