import type { OptionReader } from './reader.ts';
import type { OptionSpec } from './spec.ts';

/** How to sign in to AWS and how long to wait for each answer. */
export interface AwsOptions {
  region: string | undefined;
  profile: string | undefined;
  roleArn: string | undefined;
  roleSessionName: string | undefined;
  sessionDurationSeconds: number | undefined;
  expectAccount: string | undefined;
  requestTimeoutMs: number;
}

/** Options that every command takes. */
export interface CommonOptions {
  output: 'text' | 'json';
  recordDir: string | undefined;
  dryRun: boolean;
  debug: boolean;
}

const aws = 'AWS';
const general = 'General';

export const awsOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'region',
    kind: 'string',
    group: aws,
    placeholder: 'REGION',
    describe: 'Region of the calls.',
    default: 'AWS_REGION, AWS_DEFAULT_REGION or the profile’s',
  },
  {
    name: 'profile',
    kind: 'string',
    group: aws,
    placeholder: 'NAME',
    describe: 'Profile of the shared AWS configuration files.',
    default: 'AWS_PROFILE',
  },
  {
    name: 'role-arn',
    kind: 'string',
    group: aws,
    placeholder: 'ARN',
    describe:
      'Role to assume, with the CircleCI OIDC token of the job where there is one, else with the credentials at hand.',
  },
  {
    name: 'role-session-name',
    kind: 'string',
    group: aws,
    placeholder: 'NAME',
    describe: 'Name of that session, as CloudTrail shows it.',
    default: 'the name and number of the CircleCI job',
  },
  {
    name: 'session-duration',
    kind: 'duration',
    group: aws,
    placeholder: 'DURATION',
    describe: 'How long the assumed session lives, 15m to 12h.',
    default: '1h',
  },
  {
    name: 'expect-account',
    kind: 'string',
    group: aws,
    placeholder: 'ID',
    describe: 'Account that the credentials must belong to; checked before anything else.',
  },
  {
    name: 'request-timeout',
    kind: 'duration',
    group: aws,
    placeholder: 'DURATION',
    describe: 'Longest wait for the answer to one request.',
    default: '15s',
  },
];

export const generalOptionSpecs: readonly OptionSpec[] = [
  {
    name: 'output',
    kind: 'choice',
    choices: ['text', 'json'],
    group: general,
    describe: 'json prints one document on stdout and the progress on stderr.',
    default: 'text',
  },
  {
    name: 'record-dir',
    kind: 'string',
    group: general,
    placeholder: 'DIR',
    describe: 'Folder for the record of this stage, and where earlier stages left theirs.',
  },
  {
    name: 'dry-run',
    kind: 'boolean',
    group: general,
    describe: 'Checks what can be checked, prints the exact requests and changes nothing.',
    default: 'false',
  },
  {
    name: 'expand-env',
    kind: 'boolean',
    group: general,
    describe: 'Replaces $VAR, ${VAR} and ${VAR:-default} in the options’ values.',
    default: 'false',
  },
  {
    name: 'debug',
    kind: 'boolean',
    group: general,
    describe: 'Also prints each request with its id and outcome, never its values.',
    default: 'false',
  },
];

/** Reads `awsOptionSpecs`. */
export function readAwsOptions(reader: OptionReader): AwsOptions {
  const expectAccount = reader.string('expect-account');
  if (expectAccount !== undefined && !/^\d{12}$/.test(expectAccount)) {
    reader.complain(`--expect-account must be the 12 digits of an AWS account, not ${JSON.stringify(expectAccount)}`);
  }
  const sessionMs = reader.durationMs('session-duration');
  if (sessionMs !== undefined && (sessionMs < 900_000 || sessionMs > 43_200_000)) {
    reader.complain('--session-duration must be from 15m to 12h');
  }
  const roleArn = reader.string('role-arn');
  if (roleArn !== undefined && !/^arn:[^:]+:iam::\d{12}:role\/.+$/.test(roleArn)) {
    reader.complain(`--role-arn must look like arn:aws:iam::111122223333:role/NAME, not ${JSON.stringify(roleArn)}`);
  }
  return {
    region: reader.string('region'),
    profile: reader.string('profile'),
    roleArn,
    roleSessionName: reader.string('role-session-name'),
    sessionDurationSeconds: sessionMs === undefined ? undefined : Math.round(sessionMs / 1_000),
    expectAccount,
    requestTimeoutMs: reader.durationMs('request-timeout') ?? 15_000,
  };
}

/** Reads `generalOptionSpecs` (`expand-env` is applied before the reader exists). */
export function readCommonOptions(reader: OptionReader): CommonOptions {
  return {
    output: reader.choice('output', ['text', 'json']) ?? 'text',
    recordDir: reader.string('record-dir'),
    dryRun: reader.boolean('dry-run', false),
    debug: reader.boolean('debug', false),
  };
}
