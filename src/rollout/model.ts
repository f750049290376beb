import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { UpdateServiceOptions } from '../commands/update-service-and-verify.ts';
import type { AwsOptions, GeneralOptions } from '../options/shared.ts';
import type { Announce, Aws, Clock, Http, Interrupt } from '../ports.ts';
import type { RecordStore } from '../records/record.ts';
import type { DefinitionDifference } from '../task-definition/diff.ts';
import type { Definition, DefinitionChanges } from '../task-definition/edit.ts';
import type { Progress, RolloutEvent } from './events.ts';
import type { RolloutVerdict } from './verdict.ts';

/** A URL that must answer once the new revision serves. */
export interface CheckUrl {
  url: string;
  status: number;
  timeoutMs: number;
}

/** What the user asked for: the values of the options of update-service-and-verify, and what follows from them. */
export type RolloutOptions = Omit<
  UpdateServiceOptions,
  keyof AwsOptions | Exclude<keyof GeneralOptions, 'dryRun'> | keyof DefinitionChanges | 'timeoutMs' | CheckOption
> & {
  changes: DefinitionChanges;
  timeoutMs: number;
  checkUrls: readonly CheckUrl[];
};
type CheckOption = 'checkUrls' | 'checkStatus' | 'checkTimeoutMs';

export interface RolloutDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  http: Http;
  records: RecordStore;
  announce: Announce<RolloutEvent>;
  /** Facts of the CI job for the records. */
  ci: Record<string, string>;
}

/** A service as it stood before anything was changed. */
export interface ServiceBefore {
  name: string;
  service: Service;
  primary: Deployment | undefined;
  /** ARNs of the service deployments that existed before; undefined where we may not read them. */
  knownRecords: ReadonlySet<string> | undefined;
}

/** What one service is to run. */
export interface ServicePlan {
  before: ServiceBefore;
  /** The revision to deploy where it exists already; its ARN. */
  taskDefinitionArn: string | undefined;
  /** The document to register first; a copy of everything the old revision had. */
  document: Definition | undefined;
  differences: DefinitionDifference[];
  /** Digests by container name that must serve in the end; empty where nothing was pinned. */
  digests: ReadonlyMap<string, { image: string; digest: string }>;
  /** No new revision and nothing else that ECS would act upon. */
  isUnchanged: boolean;
  /** Nothing was asked for but to look. */
  isMereLook: boolean;
}

/** Our deployment of one service. */
export interface OurDeployment {
  plan: ServicePlan;
  name: string;
  taskDefinitionArn: string;
  deploymentId: string;
  deploymentCreatedAtMs: number;
  /** Nothing was changed: we follow what was already under way, or look at what serves. */
  isAdopted: boolean;
  /** The number of tasks may change without a deployment. */
  isScaling: boolean;
  startedAtMs: number;
}

/** A failed task of ours, as far as it is known. */
export interface FailedTask {
  taskArn: string;
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  /** When its containers ended. */
  endedAtMs: number | undefined;
  containers: { name: string; image?: string; imageDigest?: string; exitCode?: number; reason?: string }[];
  code: string | undefined;
  cause: string | undefined;
  fix: string | undefined;
  /** The containers' own last lines, by container name. */
  logTail: { container: string; lines: string[]; note?: string }[];
}

/** How one service ended. */
export type ServiceEnd =
  | Exclude<RolloutVerdict, { verdict: 'going' } | { verdict: 'paused' }>
  | { verdict: 'timed-out'; reason: string }
  | { verdict: 'paused'; reason: string; continueCommand: string | undefined }
  | { verdict: 'interrupted'; reason: string }
  | { verdict: 'nothing-to-do'; reason: string }
  | { verdict: 'no-tasks'; reason: string }
  | { verdict: 'started'; reason: string }
  | { verdict: 'refused'; reason: string; error: Error };

/** Everything the report says about one service. */
export interface ServiceResult {
  service: string;
  end: ServiceEnd;
  taskDefinition: string | undefined;
  previousTaskDefinition: string | undefined;
  deploymentId: string | undefined;
  serviceDeploymentArn: string | undefined;
  /** The revision that serves now, as far as ECS says. */
  servesNow: string | undefined;
  images: { name: string; image?: string; imageDigest?: string }[];
  failedTasks: FailedTask[];
  events: string[];
  /** What --on-failure or --on-interrupt did, and how that went. */
  rollback: { done: boolean; text: string } | undefined;
  /** How far it had come where it was not decided. */
  progress: Progress | undefined;
  notes: string[];
  timingsMs: Record<string, number>;
  startedAtMs: number;
  finishedAtMs: number;
  exitCode: number;
}
