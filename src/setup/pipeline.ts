import { parseImageReference } from '../task-definition/image-reference.ts';

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

/** Tells the repositories of environments apart: a name alone is of the account of the role. */
export function placeOfRepository({ repository, roleArn }: Environment): string {
  const isAddress = parseImageReference(repository)?.registry !== undefined;
  const account = roleArn?.startsWith('arn:') === true ? roleArn.split(':')[4] : undefined;
  return isAddress || account === undefined ? repository : `${account}/${repository}`;
}

/** Whether an environment builds: the first of its branch in this repository does, for all of them. */
export const builds = (one: Environment, { environments }: Pick<Pipeline, 'environments'>): boolean =>
  environments.find((other) => other.branch === one.branch && placeOfRepository(other) === placeOfRepository(one)) ===
  one;

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
