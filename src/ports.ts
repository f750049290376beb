import type { GetLogEventsCommandInput, GetLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import type { RouteTable, SecurityGroup, Subnet, VpcEndpoint } from '@aws-sdk/client-ec2';
import type {
  BatchGetImageCommandInput,
  BatchGetImageCommandOutput,
  CreateRepositoryCommandInput,
  CreateRepositoryCommandOutput,
  DescribeImagesCommandInput,
  DescribeImagesCommandOutput,
  DescribeRepositoriesCommandInput,
  DescribeRepositoriesCommandOutput,
  GetAuthorizationTokenCommandOutput,
  PutLifecyclePolicyCommandInput,
  PutLifecyclePolicyCommandOutput,
  SetRepositoryPolicyCommandInput,
  SetRepositoryPolicyCommandOutput,
} from '@aws-sdk/client-ecr';
import type {
  ContinueServiceDeploymentCommandInput,
  ContinueServiceDeploymentCommandOutput,
  DescribeClustersCommandInput,
  DescribeClustersCommandOutput,
  DescribeServiceDeploymentsCommandInput,
  DescribeServiceDeploymentsCommandOutput,
  DescribeServiceRevisionsCommandInput,
  DescribeServiceRevisionsCommandOutput,
  DescribeServicesCommandInput,
  DescribeServicesCommandOutput,
  DescribeTasksCommandInput,
  DescribeTasksCommandOutput,
  ListServiceDeploymentsCommandInput,
  ListServiceDeploymentsCommandOutput,
  ListTasksCommandInput,
  ListTasksCommandOutput,
  RunTaskCommandInput,
  RunTaskCommandOutput,
  StopServiceDeploymentCommandInput,
  StopServiceDeploymentCommandOutput,
  StopTaskCommandInput,
  StopTaskCommandOutput,
  UpdateServiceCommandInput,
  UpdateServiceCommandOutput,
} from '@aws-sdk/client-ecs';
import type { DBInstance } from '@aws-sdk/client-rds';
import type { GetCallerIdentityCommandOutput } from '@aws-sdk/client-sts';
import type { Line } from './report/line.ts';

/** Time, handed in so that tests can turn it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or as soon as `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The user's wish to stop: aborted by the first SIGINT or SIGTERM. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /** Which signal it was; meaningful once `signal` is aborted. */
  name(): 'SIGINT' | 'SIGTERM';
}

/** Tells the edge a fact; how it looks is the renderer's business. */
export type Emit<E extends { type: string } = { type: string }> = (event: E) => void;

/** A JSON object whose members we do not all know. */
export type JsonObject = { [name: string]: unknown };

/** A task definition as it stood on the wire, including members that this SDK does not know. */
export interface RawTaskDefinition extends JsonObject {
  taskDefinitionArn?: string;
  family?: string;
  revision?: number;
  status?: string;
  containerDefinitions?: RawContainerDefinition[];
}
export interface RawContainerDefinition extends JsonObject {
  name: string;
  image?: string;
  essential?: boolean;
}

/**
 * The ECS calls we make. Every method rejects with a UserError (AWS refused; `code` is its exception name),
 * a TransientError (no answer; after bounded retries where a repeat is safe), or a bug.
 */
export interface EcsPort {
  runTask(input: RunTaskCommandInput): Promise<RunTaskCommandOutput>;
  describeTasks(input: DescribeTasksCommandInput): Promise<DescribeTasksCommandOutput>;
  listTasks(input: ListTasksCommandInput): Promise<ListTasksCommandOutput>;
  stopTask(input: StopTaskCommandInput): Promise<StopTaskCommandOutput>;
  describeClusters(input: DescribeClustersCommandInput): Promise<DescribeClustersCommandOutput>;
  /** The raw document; `tags` as the service keeps them beside it. */
  describeTaskDefinition(
    taskDefinition: string,
  ): Promise<{ taskDefinition: RawTaskDefinition; tags: { key: string; value: string }[] }>;
  /** Sends `document` as it stands, unknown members included. */
  registerTaskDefinition(document: JsonObject): Promise<RawTaskDefinition>;
  deregisterTaskDefinition(taskDefinition: string): Promise<void>;
  describeServices(input: DescribeServicesCommandInput): Promise<DescribeServicesCommandOutput>;
  /** Not repeated after an ambiguous failure: the caller must look first. */
  updateService(input: UpdateServiceCommandInput): Promise<UpdateServiceCommandOutput>;
  listServiceDeployments(input: ListServiceDeploymentsCommandInput): Promise<ListServiceDeploymentsCommandOutput>;
  describeServiceDeployments(
    input: DescribeServiceDeploymentsCommandInput,
  ): Promise<DescribeServiceDeploymentsCommandOutput>;
  describeServiceRevisions(input: DescribeServiceRevisionsCommandInput): Promise<DescribeServiceRevisionsCommandOutput>;
  /** Repeated after an ambiguous failure: asked again, ECS simply continues (reference §4.2). */
  stopServiceDeployment(input: StopServiceDeploymentCommandInput): Promise<StopServiceDeploymentCommandOutput>;
  /** Repeated after an ambiguous failure: a hook is answered once, and each step has a fresh one (reference §4.3). */
  continueServiceDeployment(
    input: ContinueServiceDeploymentCommandInput,
  ): Promise<ContinueServiceDeploymentCommandOutput>;
  /** The names of the account's clusters in this region, all pages of them. */
  listClusters(): Promise<string[]>;
  /** The names of a cluster's services, all pages of them. */
  listServices(cluster: string): Promise<string[]>;
  /** The active families of task definitions that begin so, all pages of them. */
  listFamilies(prefix?: string): Promise<string[]>;
}

/** The ECR calls we make; errors as in EcsPort. */
export interface EcrPort {
  describeImages(input: DescribeImagesCommandInput): Promise<DescribeImagesCommandOutput>;
  batchGetImage(input: BatchGetImageCommandInput): Promise<BatchGetImageCommandOutput>;
  describeRepositories(input: DescribeRepositoriesCommandInput): Promise<DescribeRepositoriesCommandOutput>;
  createRepository(input: CreateRepositoryCommandInput): Promise<CreateRepositoryCommandOutput>;
  putLifecyclePolicy(input: PutLifecyclePolicyCommandInput): Promise<PutLifecyclePolicyCommandOutput>;
  setRepositoryPolicy(input: SetRepositoryPolicyCommandInput): Promise<SetRepositoryPolicyCommandOutput>;
  getAuthorizationToken(): Promise<GetAuthorizationTokenCommandOutput>;
}

/** The CloudWatch Logs calls we make; errors as in EcsPort. */
export interface LogsPort {
  getLogEvents(input: GetLogEventsCommandInput): Promise<GetLogEventsCommandOutput>;
}

/** The STS calls we make; errors as in EcsPort. */
export interface StsPort {
  getCallerIdentity(): Promise<GetCallerIdentityCommandOutput>;
}

/** The reads that only setting up needs; errors as in EcsPort. Values of secrets and parameters are never asked for. */
export interface SetupPort {
  hasLogGroup(name: string): Promise<boolean>;
  /** Where the bytes of a layer or of an image's configuration can be fetched. */
  layerUrl(input: { registryId?: string; repositoryName: string; layerDigest: string }): Promise<string | undefined>;
  subnets(ids: readonly string[]): Promise<Subnet[]>;
  routeTables(vpcId: string): Promise<RouteTable[]>;
  securityGroups(ids: readonly string[]): Promise<SecurityGroup[]>;
  vpcEndpoints(vpcId: string): Promise<VpcEndpoint[]>;
  databases(): Promise<DBInstance[]>;
  /** Rejects with code ResourceNotFoundException where there is none. */
  describeSecret(id: string): Promise<void>;
  hasParameter(name: string): Promise<boolean>;
  /** The state of each alarm that is there, by its name. */
  alarmStates(names: readonly string[]): Promise<Map<string, string>>;
  /** The audiences of an OIDC provider. Rejects with code NoSuchEntity where there is none. */
  oidcAudiences(provider: string): Promise<string[]>;
  /** The trust policy, as JSON. */
  roleTrust(role: string): Promise<string>;
  /** Which of the actions the principal's policies do not allow on all of the resources. */
  denied(question: {
    principal: string;
    actions: readonly string[];
    resources: readonly string[];
    context: Readonly<Record<string, string>>;
  }): Promise<string[]>;
}

/** AWS, signed in. */
export interface Aws {
  /** The region of the calls, as the SDK resolved it. */
  region: string;
  ecs: EcsPort;
  ecr: EcrPort;
  /** ECR in another region. */
  ecrIn(region: string): EcrPort;
  /** CloudWatch Logs in `region`, or in that of the other calls. */
  logs(region?: string): LogsPort;
  sts: StsPort;
  setup: SetupPort;
}

/** A config as CircleCI expands it: nothing is left of orbs, parameters and commands. */
export interface ExpandedConfig {
  /** Pipeline values that local CircleCI does not know: read as empty. */
  unknownValues: string[];
  workflows: {
    name: string;
    /** Whether its own when/unless lets it run. */
    active: boolean;
    /** Branches that the filters of its jobs name. */
    branches: string[];
    jobs: ConfigJob[];
  }[];
}
export interface ConfigJob {
  name: string;
  /** What it was called by: a job, or a job of an orb. */
  called: string;
  isApproval: boolean;
  /** Whether its filters let it run for the push. */
  included: boolean;
  requires: string[];
  contexts: string[];
  serialGroup: string | undefined;
  steps: { type: string; body: JsonObject }[];
}

/** Local CircleCI; needs no network. */
export interface CircleCi {
  /**
   * Expands a config with the orb that belongs to this program; `orbs` holds others, by `namespace/name`. Rejects with a
   * UserError in CircleCI's words, with the line where it can be told.
   */
  expand(
    text: string,
    push: { branch: string } | { tag: string },
    orbs: Readonly<Record<string, string>>,
    /** Values of pipeline parameters, as when somebody starts the pipeline by hand. */
    pipelineParameters?: Readonly<Record<string, string>>,
  ): Promise<ExpandedConfig>;
}

/** Asks the person at the terminal. */
export interface Ask {
  /** One of the choices; rejects with a UserError when the person leaves. */
  select(message: string, choices: readonly string[]): Promise<string>;
}

/** What a terminal shows below the log while something is waited for. */
export interface Live {
  /** Takes a fact in; returns those of its lines, and of earlier ones, that belong to the log by now. */
  take(event: { type: string }, lines: readonly Line[]): Line[];
  /** Takes the rows away, until they are drawn next: for lines that go above them. */
  clear(): void;
  /** Draws no more; returns the lines that were still below. */
  end(): Line[];
}

/** Begins to draw; undefined where the program has nothing to draw with. */
export type OpenLive = (
  screen: { write(text: string): void; columns?: number | undefined; rows?: number | undefined },
  options: { elapsedMs: () => number; tailLines: number },
) => Promise<Live | undefined>;

/** How a child process went. */
export interface ProcessResult {
  /** undefined when it was ended by a signal. */
  code: number | undefined;
  signal?: string | undefined;
  /** The last part of what it printed on both streams, at most 64 KiB. */
  tail: string;
  stdout: string;
}

/** Runs other programs without a shell. */
export interface ProcessRunner {
  /** Resolves when the program has ended; a program that is not there gives a UserError with code `ENOENT`. */
  run(
    command: string,
    args: readonly string[],
    options?: {
      input?: string;
      env?: Record<string, string | undefined>;
      cwd?: string;
      onLine?: (line: string, stream: 'out' | 'err') => void;
      /** Told each time that another `afterMs` went by without a line, with the length of the silence. */
      silence?: { afterMs: number; tell: (silentMs: number) => void };
      /** Ends the program; at once where it is aborted already. */
      signal?: AbortSignal;
    },
  ): Promise<ProcessResult>;
}

/** The files we touch. */
export interface Files {
  /** Where a path leads, seen from the working directory. */
  absolute(path: string): string;
  /** The text, or undefined where there is no such file. */
  read(path: string): Promise<string | undefined>;
  readStdin(): Promise<string>;
  /** Writes atomically, mode 0600, making the folder if needed. */
  write(path: string, text: string): Promise<void>;
  /** Adds to the end of a file, making it if needed. */
  append(path: string, text: string): Promise<void>;
  /** Names of the files and links in a folder, sorted; none where there is no such folder. */
  list(folder: string): Promise<string[]>;
  /**
   * Lends a new folder that only this user can enter, gone with all that is in it when `use` has ended.
   * `links` puts names in it that lead to other folders, where those exist.
   */
  inPrivateFolder<T>(links: Readonly<Record<string, string>>, use: (folder: string) => Promise<T>): Promise<T>;
}

/** Plain HTTP for webhooks and checks; rejects with a TransientError when there is no answer in time. */
export type Http = (
  url: string,
  request: { method: string; headers?: Record<string, string>; body?: string; timeoutMs: number; signal?: AbortSignal },
) => Promise<{ status: number; headers: Record<string, string>; body: string }>;
