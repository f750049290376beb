import { UserError } from '../errors.ts';
import type { AwsOptions } from '../options/shared.ts';
import type { NodeFault } from './network-faults.ts';

/** The endpoints of the services that we call, as the AWS SDKs read them from the environment. */
const endpointVariables = [
  '',
  '_ECS',
  '_ECR',
  '_STS',
  '_CLOUDWATCH_LOGS',
  '_EC2',
  '_RDS',
  '_IAM',
  '_SSM',
  '_SECRETS_MANAGER',
].map((name) => `AWS_ENDPOINT_URL${name}`);
const keyVariables = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'];

/** Refuses variables that no request can be made from, before one is tried; their values are never quoted. */
export function checkSettings(
  env: Readonly<Record<string, string | undefined>>,
  options: Pick<AwsOptions, 'profile' | 'roleArn'>,
): void {
  for (const name of endpointVariables) {
    const value = env[name] ?? '';
    if (value === '' || isHttpUrl(value)) continue;
    throw new UserError(`${name} is not a URL.`, {
      code: 'Settings',
      why: 'An endpoint looks like https://HOST or http://HOST:PORT.',
      fix: `Correct ${name}, or unset it to use AWS's own endpoints.`,
    });
  }
  // A profile or a role has credentials of its own.
  if (options.profile !== undefined || options.roleArn !== undefined || (env.AWS_PROFILE ?? '') !== '') return;
  for (const name of keyVariables) {
    if (/^[\x21-\x7e]*$/.test(env[name] ?? '')) continue;
    throw unfitKey(name, /[\r\n]/.test(env[name] ?? '') ? 'a line break' : 'a character that no AWS key has');
  }
}

/** What the SDK throws when the settings of the AWS SDKs (environment, configuration files) cannot be used. */
export function settingsFault(error: NodeFault & { input?: unknown }): UserError | undefined {
  const { code, path, message } = error;
  if (code === 'ERR_INVALID_URL') {
    // It may hold a password; only what cannot hold one is shown.
    const shown = typeof error.input === 'string' && /^[\w.:/-]{1,200}$/.test(error.input) ? `: ${error.input}` : '';
    return new UserError('An address in the AWS settings is not a URL.', {
      code: 'Settings',
      why: `${message}${shown}`,
      fix: 'Check endpoint_url in the AWS configuration files, AWS_CONTAINER_CREDENTIALS_FULL_URI and AWS_EC2_METADATA_SERVICE_ENDPOINT.',
      cause: error,
    });
  }
  if (code === 'ERR_INVALID_CHAR')
    return unfitKey(
      'The AWS access key or session token',
      'a line break or another character that no AWS key has',
      error,
    );
  if (path !== undefined && code !== undefined && /^E[A-Z]+$/.test(code)) {
    return new UserError(`The file ${path}, which the AWS settings name, cannot be read.`, {
      code: 'Settings',
      why: message,
      fix: 'Check AWS_WEB_IDENTITY_TOKEN_FILE, AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE and the files that ~/.aws/config names.',
      cause: error,
    });
  }
  if (error.name === 'EndpointError') {
    return new UserError('The AWS settings name no endpoint that there can be.', {
      code: 'Settings',
      why: message,
      fix: 'Check AWS_REGION, AWS_USE_FIPS_ENDPOINT, AWS_USE_DUALSTACK_ENDPOINT and AWS_ENDPOINT_URL, and the same settings in ~/.aws/config.',
      cause: error,
    });
  }
  if (message.startsWith('Invalid parameter for "defaultsMode"')) {
    return new UserError('AWS_DEFAULTS_MODE is none of the modes there are.', {
      code: 'Settings',
      why: message,
      fix: 'Correct it (or defaults_mode in ~/.aws/config), or leave it out.',
      cause: error,
    });
  }
  return undefined;
}

function unfitKey(name: string, holds: string, cause?: Error): UserError {
  return new UserError(`${name} holds ${holds}.`, {
    code: 'Settings',
    why: 'Most often it was copied together with a line break or a space.',
    fix: 'Set it again in the CircleCI context or project, exactly as IAM shows it.',
    cause,
  });
}

function isHttpUrl(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol);
  } catch {
    return false;
  }
}
