import type { Aws, Http } from '../../ports.ts';

/** Where a task gets its network from. */
export interface Network {
  subnets: readonly string[];
  securityGroups: readonly string[];
  publicIp: boolean;
}

/** What the stages will touch. */
export interface Target {
  builds: readonly (Stage & { repository: string; tags: readonly string[] })[];
  migrations: readonly (Stage & {
    cluster: string;
    /** undefined where the revision of a service runs. */
    taskDefinition: string | undefined;
    taskDefinitionFromService?: string | undefined;
    container: string | undefined;
    networkFromService: string | undefined;
    network: Network | undefined;
  })[];
  rollouts: readonly (Stage & { cluster: string; services: readonly string[]; timeoutMs: number })[];
  /** Host or identifier of the database that migrations connect to. */
  database: string | undefined;
  push: Push;
  /** What the stages may need to do, as the policy of iam-policy says it, once the families of the services are known. */
  permissions(familyOf: (cluster: string, service: string) => string | undefined): readonly Need[];
}

interface Stage {
  /** Role that its job assumes. */
  roleArn: string | undefined;
}

/** What is known of the tokens of the jobs. */
export interface Push {
  organizationId: string | undefined;
  projectId: string | undefined;
  branch: string | undefined;
}

/** Actions that a job's role, or the caller where there is none, needs on each of the resources. */
export interface Need {
  roleArn: string | undefined;
  actions: readonly string[];
  resources: readonly string[];
  context: Readonly<Record<string, string>>;
}

/** What the checks are handed. */
export interface DoctorDeps {
  aws: Aws;
  http: Http;
  env: Readonly<Record<string, string | undefined>>;
}
