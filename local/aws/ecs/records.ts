import type { Json } from '../wire.ts';

/** A registered revision; `raw` is what was registered, with the defaults ECS adds, unknown members included. */
export interface TaskDefinitionRecord {
  arn: string;
  family: string;
  revision: number;
  status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS';
  registeredAtMs: number;
  registeredBy: string;
  deregisteredAtMs?: number;
  raw: Json;
  tags: Json[];
}

/** What the model knows of one container of a task. */
export interface ContainerRecord {
  arn: string;
  name: string;
  image: string;
  imageDigest?: string;
  essential: boolean;
  /** In the task definition, not added by ECS. */
  defined: boolean;
  command: string[];
  environment: Record<string, string>;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  exitCode?: number;
  reason?: string;
  healthStatus?: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY';
  runtimeId?: string;
}

/** What the model knows of one task. Times are model milliseconds. */
export interface TaskRecord {
  arn: string;
  id: string;
  cluster: string;
  clusterArn: string;
  taskDefinition: TaskDefinitionRecord;
  group: string;
  startedBy?: string;
  serviceName?: string;
  lastStatus: string;
  desiredStatus: 'RUNNING' | 'STOPPED';
  healthStatus: 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY';
  version: number;
  launchType?: string;
  capacityProviderName?: string;
  platformVersion?: string;
  enableExecuteCommand: boolean;
  overrides: Json;
  tags: Json[];
  subnet: string;
  createdAtMs: number;
  connectivityAtMs?: number;
  pullStartedAtMs?: number;
  pullStoppedAtMs?: number;
  startedAtMs?: number;
  executionStoppedAtMs?: number;
  stoppingAtMs?: number;
  stoppedAtMs?: number;
  stopCode?: string;
  stoppedReason?: string;
  containers: ContainerRecord[];
}

/** Everything needed to launch one task; nothing in it is checked again. */
export interface LaunchSpec {
  cluster: string;
  taskDefinition: TaskDefinitionRecord;
  overrides?: Json;
  startedBy?: string;
  group: string;
  launchType?: string;
  capacityProviderName?: string;
  platformVersion?: string;
  tags?: Json[];
  serviceName?: string;
  subnets?: string[];
  enableExecuteCommand?: boolean;
  /** Digests by container name: what version consistency pinned, instead of asking the registry. */
  imageDigests?: Record<string, string>;
}

export type TaskChange = 'running' | 'stopping' | 'stopped' | 'health';
export type TaskListener = (task: TaskRecord, change: TaskChange) => void;
