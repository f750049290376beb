import type { TaskDefinitionRecord } from '../ecs/records.ts';
import type { Json } from '../wire.ts';

/** What a deployment brings into service: the target of one service deployment. */
export interface RevisionRecord {
  arn: string;
  taskDefinition: TaskDefinitionRecord;
  createdAtMs: number;
  /** Digests by container name, as the first task that started resolved them. */
  digests: Record<string, string>;
  /** Placement and network as they stood when it was made. */
  config: Json;
}

/** One lifecycle hook of a running service deployment. */
export interface HookRecord {
  hookId: string;
  stage: string;
  targetType: 'AWS_LAMBDA' | 'PAUSE';
  targetArn?: string;
  status: 'AWAITING_ACTION' | 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT';
  /** What it said when it failed: the end of the statusReason. */
  fault?: string;
  expiresAtMs?: number;
  timeoutAction?: 'CONTINUE' | 'ROLLBACK';
}

/** One service deployment, which ECS keeps for 90 days; a rollback is part of it, not a second one. */
export interface ServiceDeploymentRecord {
  arn: string;
  status: string;
  statusReason?: string;
  createdAtMs: number;
  startedAtMs?: number;
  finishedAtMs?: number;
  updatedAtMs: number;
  /** Before this moment no API shows it. */
  visibleAtMs: number;
  target: RevisionRecord;
  sources: RevisionRecord[];
  configuration: Json;
  rollback?: { reason: string; startedAtMs: number; revisionArn: string };
  breakerTriggered: boolean;
  /** A newer one ended it. */
  wasReplaced: boolean;
  triggeredAlarms: string[];
  lifecycleStage?: string;
  hooks: HookRecord[];
}

/** One entry of `deployments[]`. */
export interface DeploymentRecord {
  id: string;
  status: 'PRIMARY' | 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  revision: RevisionRecord;
  serviceDeployment: ServiceDeploymentRecord;
  /** The service deployment whose rollback brings this one back into service. */
  restoring?: ServiceDeploymentRecord;
  createdAtMs: number;
  updatedAtMs: number;
  rolloutState: 'IN_PROGRESS' | 'COMPLETED' | 'FAILED';
  rolloutStateReason: string;
  /** Consecutive failures: what `failedTasks` shows and the circuit breaker counts. */
  failedTasks: number;
  /** Since when `failedTasks` stands at the circuit breaker's threshold. */
  thresholdAtMs?: number;
  /** Starts that failed in a row: they make the scheduler wait longer each time. */
  startFailures: number;
  notBeforeMs: number;
  /** Judged and given up: launches nothing any more. */
  isFrozen: boolean;
  taskArns: Set<string>;
  healthyArns: Set<string>;
  /** Alarms that were ringing when it began; they do not count. */
  ignoredAlarms: string[];
  bakeUntilMs?: number;
  /** Share of the production and test traffic, in percent. */
  productionWeight: number;
  testWeight: number;
  /** Where it stands; `step` counts the traffic shifts of LINEAR and CANARY, `hooks` are those of this visit. */
  stage?: { name: string; enteredAtMs: number; step: number; hooks: HookRecord[] };
}

/** A service and all it remembers. */
export interface ServiceRecord {
  name: string;
  arn: string;
  cluster: string;
  status: 'ACTIVE' | 'DRAINING' | 'INACTIVE';
  createdAtMs: number;
  createdBy: string;
  desiredCount: number;
  /** The members of CreateService and UpdateService as they stand now. */
  config: Json;
  /** Newest first. */
  deployments: DeploymentRecord[];
  /** Newest first. */
  serviceDeployments: ServiceDeploymentRecord[];
  revisions: RevisionRecord[];
  /** The most recent deployment that completed: where a rollback goes. */
  lastCompleted?: DeploymentRecord;
  events: { id: string; createdAtMs: number; message: string }[];
  /** What DescribeServices shows until a moment: the state before an update. */
  stale?: { view: Json; untilMs: number };
  isSteady: boolean;
  tags: Json[];
}
