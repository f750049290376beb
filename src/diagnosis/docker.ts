import { UserError } from '../errors.ts';

/** What was being done when docker refused, and to what. */
export interface DockerStep {
  step: 'login' | 'push' | 'build';
  /** Host for a login, image reference for a push, build path for a build. */
  subject: string;
}

interface Rule {
  pattern: RegExp;
  what: (step: DockerStep) => string;
  fix: string;
  code: string;
}

/** What docker and ECR say when the user has to change something; the first pattern that fits counts. */
const rules: readonly Rule[] = [
  {
    // Docker's own lines begin so; those of the image's build have a number or nothing in front.
    pattern:
      /^(?:ERROR: )?(?:failed to (?:solve|build): )*(?:failed to read dockerfile: open|unable to prepare context: unable to evaluate symlinks in Dockerfile path)/,
    what: () => 'The Dockerfile is not there.',
    fix: 'Correct --dockerfile, which is seen from the working directory, or --path, whose Dockerfile is taken without it.',
    code: 'NoDockerfile',
  },
  {
    pattern:
      /^(?:ERROR: )?(?:failed to (?:solve|build): )*(?:unable to prepare context: path .* not found|resolve : lstat )/,
    what: () => 'The folder to build from is not there.',
    fix: 'Correct --path, which is seen from the working directory; a job needs checkout before.',
    code: 'NoBuildContext',
  },
  {
    pattern: /Cannot connect to the Docker daemon|error during connect|docker daemon is not running/i,
    what: () => 'No Docker engine answers.',
    fix: 'In CircleCI add `setup_remote_docker` to the job (setup_remote_docker: true in the orb’s job), or use a machine executor.',
    code: 'NoDockerEngine',
  },
  {
    pattern: /is not authorized to perform: (\S+) on resource: (\S+)/,
    what: ({ subject }) => `These credentials are not authorized to push ${subject}.`,
    fix: 'Allow the action that is named above; `migrate-deploy iam-policy --for build-and-push-image` prints the policy.',
    code: 'AccessDeniedException',
  },
  {
    pattern: /tag invalid|cannot be overwritten because the (repository|tag) is immutable/i,
    what: ({ subject }) => `The tag of ${subject} is immutable and already stands for another image.`,
    fix: 'Use a tag that is new in every build, e.g. the commit, or pass --skip-when-tags-exist to keep the image that is there.',
    code: 'ImageTagAlreadyExistsException',
  },
  {
    pattern: /name unknown|repository with name .* does not exist/i,
    what: ({ subject }) => `The repository of ${subject} does not exist.`,
    fix: 'Create it, or pass --create-repository.',
    code: 'RepositoryNotFoundException',
  },
  {
    pattern: /no basic auth credentials|authorization token has expired|401 Unauthorized|not authorized|denied:/i,
    what: ({ step, subject }) =>
      step === 'login' ? `The registry ${subject} refused the login.` : `The registry refused the push of ${subject}.`,
    fix: 'Check that the registry belongs to the account and region of these credentials.',
    code: 'RegistryDenied',
  },
  {
    pattern: /no space left on device/i,
    what: () => 'The disk of the Docker engine is full.',
    fix: 'Use a larger resource class, or prune images before the build.',
    code: 'NoSpace',
  },
];

/** The UserError for what docker printed, or undefined where it is not one of the faults a user can fix outside the image. */
export function dockerFault(step: DockerStep, output: string): UserError | undefined {
  const line = output.split('\n').findLast((text) => rules.some(({ pattern }) => pattern.test(text)));
  const rule = rules.find(({ pattern }) => pattern.test(line ?? ''));
  if (line === undefined || rule === undefined) return undefined;
  return new UserError(rule.what(step), { code: rule.code, why: line.trim(), fix: rule.fix });
}

/** The last lines that say something, for a fault that no rule knows. */
export function lastLines(output: string, count: number): string[] {
  return output
    .split('\n')
    .map((text) => text.trimEnd())
    .filter((text) => text !== '')
    .slice(-count);
}
