/** One environment of the pipeline: a branch, and what its pushes deploy. */
export interface Environment {
  name: string;
  branch: string;
  repository: string;
  cluster: string;
  /** Family that the migration runs from. */
  taskDefinition: string;
  /** Container that migrates; where there is none, the family has only one. */
  container: string | undefined;
  services: readonly string[];
  /** Families that the services run: what a policy must name, and no config. */
  serviceFamilies: readonly string[];
  /** Service whose network the migration copies. */
  networkFromService: string | undefined;
  /** File of overrides that holds the migration's command; without one it stands in the config. */
  overridesFile: string | undefined;
  context: string | undefined;
  roleArn: string | undefined;
  /** Its migration and deployment run under this name, one pipeline at a time. */
  serialGroup: string | undefined;
  /** Somebody approves before it migrates. */
  approve: boolean;
}

/** Everything that a generated config says. */
export interface Pipeline {
  /** `namespace/name@version` */
  orb: string;
  environments: readonly Environment[];
  command: { text: string; words: readonly string[] };
  dockerfile: string | undefined;
  path: string | undefined;
  target: string | undefined;
  region: string | undefined;
  account: string | undefined;
  /** What becomes of a deployment that failed. */
  onFailure: 'leave' | 'rollback';
  slack: 'webhook' | 'bot' | 'none';
  channel: string | undefined;
  mentions: string | undefined;
  successMessage: string | undefined;
  failureMessage: string | undefined;
}

/** A file to write, by its path in the project. */
export interface ProjectFile {
  path: string;
  text: string;
}
