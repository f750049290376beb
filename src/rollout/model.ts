import type { Deployment, Service } from '@aws-sdk/client-ecs';
import type { UpdateServiceOptions } from '../commands/update-service-and-verify.ts';
import type { AwsOptions, GeneralOptions } from '../options/shared.ts';
import type { Aws, Clock, Emit, Http, Interrupt } from '../ports.ts';
import type { RecordStore } from '../records/records.ts';
import type { RolloutOutcome } from '../records/schema.ts';
import type { DefinitionDifference } from '../task-definition/diff.ts';
import type { Definition, DefinitionChanges } from '../task-definition/edit.ts';
import type { CheckUrl, RolloutEvent } from './events.ts';

export type { CheckUrl } from './events.ts';

/** What the user asked for: the values of the options of update-service-and-verify, and what follows from them. */
export type RolloutOptions = Omit<
  UpdateServiceOptions,
  keyof AwsOptions | Exclude<keyof GeneralOptions, 'dryRun'> | keyof DefinitionChanges | 'timeoutMs' | CheckOption
> & {
  stage: RolloutOutcome['stage'];
  changes: DefinitionChanges;
  timeoutMs: number;
  checkUrls: readonly CheckUrl[];
};
type CheckOption = 'checkUrls' | 'checkStatus' | 'checkTimeoutMs';

/** The options of a rollout that changes no definition and only follows: what rollback-service and continue-deployment share. */
export function followingOptions(
  given: Pick<RolloutOptions, 'stage' | 'cluster' | 'services' | 'until' | 'timeoutMs' | 'pollIntervalMs' | 'dryRun'>,
): RolloutOptions {
  return {
    family: undefined,
    taskDefinition: undefined,
    enableCircuitBreaker: false,
    taskDefinitionTags: [],
    changes: {
      images: [],
      imageUpdates: [],
      environment: [],
      dockerLabels: [],
      removeEnvironment: [],
      secrets: [],
      removeSecrets: [],
    },
    force: false,
    desiredCount: undefined,
    verify: true,
    maxLooks: undefined,
    maxFailedTasks: undefined,
    onFailure: 'leave',
    onInterrupt: 'leave',
    checkUrls: [],
    ...given,
  };
}

export interface RolloutDeps {
  aws: Aws;
  clock: Clock;
  interrupt: Interrupt;
  http: Http;
  records: RecordStore;
  emit: Emit<RolloutEvent>;
  /** Facts of the CI job for the records. */
  ci: Record<string, string>;
}

/** A service as it stood before anything was changed. */
export interface ServiceBefore {
  name: string;
  service: Service;
  primary: Deployment | undefined;
  /** Whether we are authorized to read its service deployments. */
  mayReadServiceDeployments: boolean;
}

/** What one service is to run. */
export interface ServicePlan {
  before: ServiceBefore;
  /** The revision to deploy where it exists already; its ARN. */
  taskDefinitionArn: string | undefined;
  /** The document to register first; a copy of everything the old revision had. */
  document: Definition | undefined;
  /** How it differs from what the service runs now. */
  differences: DefinitionDifference[];
  /** Digests by container name that must serve in the end; empty where nothing was pinned. */
  digests: ReadonlyMap<string, { image: string; digest: string }>;
  /**
   * `unchanged`: what was asked for is what the service is set to already; `scaling`: only the number of tasks changes;
   * `rollback`: a deployment that is under way is to be rolled back by ECS.
   */
  kind: 'deployment' | 'scaling' | 'unchanged' | 'rollback';
  /** Whether a revision was asked for, or a change of it; a scaling sends none otherwise, which might undo a deployment of others. */
  isRevisionAsked: boolean;
  /** Of a rollback: what is known of the migrations that it leaves in the database. */
  database?: string;
}

/** The deployment of one service that is judged: the one that our update began, or the one that stands. */
export interface OwnDeployment {
  plan: ServicePlan;
  name: string;
  taskDefinitionArn: string;
  /** `ecs-svc/…`; undefined where none was begun or none could be seen. */
  deploymentId: string | undefined;
  createdAtMs: number;
  startedAtMs: number;
  /** It had begun before this run: what happened until now is no news. */
  wasUnderWay?: true;
}
