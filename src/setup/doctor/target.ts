import type { Aws, Http } from '../../ports.ts';

/** Where a task gets its network from. */
export interface Network {
  subnets: readonly string[];
  securityGroups: readonly string[];
  publicIp: boolean;
}

/** What the stages will touch. */
export interface Target {
  builds: readonly { repository: string; tags: readonly string[] }[];
  migrations: readonly {
    cluster: string;
    taskDefinition: string;
    container: string | undefined;
    networkFromService: string | undefined;
    network: Network | undefined;
  }[];
  rollouts: readonly { cluster: string; services: readonly string[]; timeoutMs: number }[];
  /** Host or identifier of the database that migrations connect to. */
  database: string | undefined;
  /** What the stages may need to do, as the policy of iam-policy says it. */
  permissions: readonly {
    actions: readonly string[];
    resources: readonly string[];
    context: Readonly<Record<string, string>>;
  }[];
}

/** What the checks are handed. */
export interface DoctorDeps {
  aws: Aws;
  http: Http;
  env: Readonly<Record<string, string | undefined>>;
}
