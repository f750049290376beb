import { own } from '../base/own.ts';
import { TransientError, UserError } from '../errors.ts';
import { noSession } from './credential-errors.ts';
import { isNetworkFault, isUnsent, type NodeFault, networkText } from './network-faults.ts';
import { settingsFault } from './settings.ts';

interface SdkError extends NodeFault {
  $fault?: 'client' | 'server';
  $metadata?: { httpStatusCode?: number; requestId?: string; clockSkewCorrected?: boolean };
  $response?: { statusCode?: number; headers?: Record<string, string> };
  resourceIds?: string[];
}

const throttlingCodes = new Set([
  'ThrottlingException',
  'Throttling',
  'ThrottledException',
  'RequestThrottled',
  'RequestThrottledException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'BandwidthLimitExceeded',
  'SlowDown',
  'PriorRequestNotComplete',
  'LimitExceededException',
]);

/** Two registrations of one family at the same moment: refused for load like any throttling, only under another name. */
const concurrentRegistration = /Too many concurrent attempts to create a new revision/;

/** AWS looked at the time of the signature, not at who signed. */
const signedAtWrongTime =
  /Signature expired|Signature not yet current|is now (earlier|later) than|difference between the request time/i;

/** Turns what the SDK threw for `action` (e.g. `ecs:RunTask`) into a UserError or a TransientError; our bugs pass through. */
export function explain(thrown: unknown, action: string): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const error = thrown as SdkError;
  // The SDK hands on what stood in the answer, be it a text or not.
  for (const member of ['name', 'message'] as const) {
    if (typeof error[member] !== 'string') error[member] = JSON.stringify(error[member]) ?? '';
  }
  const { name, message } = error;
  const requestId = error.$metadata?.requestId;
  const status = error.$metadata?.httpStatusCode ?? error.$response?.statusCode;
  if (throttlingCodes.has(name) || status === 429 || concurrentRegistration.test(message)) {
    return new TransientError(`${action}: ${message}`, {
      code: name,
      throttled: true,
      retryAfterMs: retryAfterMs(error),
      requestId,
      cause: error,
    });
  }
  if (isTransient(error, status)) {
    return new TransientError(`${action}: ${transientText(error, status)}`, {
      code: error.code ?? name,
      throttled: false,
      unsent: status === undefined && isUnsent(error),
      retryAfterMs: retryAfterMs(error),
      requestId,
      cause: error,
    });
  }
  const fault = settingsFault(error) ?? credentialFault(error, action);
  if (fault !== undefined) return fault;
  if (error.$fault !== 'client' && status === undefined) return thrown;
  const { resourceIds } = error;
  return new UserError(`AWS refused ${action}.`, {
    code: name,
    why: `${name}: ${message}`,
    awsMessage: message,
    fix: fixFor(name, message, action),
    requestId,
    details: { action, ...(resourceIds === undefined ? {} : { resourceIds }) },
    cause: error,
  });
}

function isTransient(error: SdkError, status: number | undefined): boolean {
  if (isClockFault(error) && error.$metadata?.clockSkewCorrected === true) return true;
  if (status !== undefined && status >= 500) return true;
  if (
    [
      'TimeoutError',
      'RequestTimeout',
      'RequestTimeoutException',
      'ServerException',
      'IDPCommunicationError',
      'IDPCommunicationErrorException',
    ].includes(error.name)
  )
    return true;
  if (isNetworkFault(error)) return true;
  // An answer that is no JSON (a proxy's HTML page, a body cut off) leaves open whether the request was carried out;
  // also the sources of credentials answer.
  return error instanceof SyntaxError || (error.$response !== undefined && error instanceof TypeError);
}

function transientText(error: SdkError, status: number | undefined): string {
  if (error instanceof SyntaxError || error instanceof TypeError)
    return `the answer could not be read (HTTP ${status ?? 'status unknown'})`;
  if (isClockFault(error)) return `${error.message} (${clockText(error)})`;
  if (status === undefined || error.code !== undefined) return networkText(error);
  return error.message === '' ? `${error.name}, HTTP ${status}` : error.message;
}

/**
 * The SDK signs the next request by AWS's time then. It says so of *every* error that comes while the clock is off,
 * also of those that have nothing to do with it.
 */
function isClockFault({ name, message }: SdkError): boolean {
  return ['RequestTimeTooSkewed', 'RequestInTheFuture'].includes(name) || signedAtWrongTime.test(message);
}

/** By how much, where the answer has a date; measured on the clock that the SDK signs by. */
function clockText(error: SdkError): string {
  const offsetMs = Date.parse(error.$response?.headers?.date ?? '') - Date.now();
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  if (!(minutes >= 1)) return 'the clock of this machine is not that of AWS';
  return `the clock of this machine is ${minutes} min ${offsetMs > 0 ? 'behind' : 'ahead of'} AWS's`;
}

function retryAfterMs(error: SdkError): number | undefined {
  const headers = error.$response?.headers ?? {};
  const own = Number(headers['x-amz-retry-after']);
  if (Number.isFinite(own) && own > 0) return own;
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined;
}

function credentialFault(error: SdkError, action: string): UserError | undefined {
  const parts = {
    code: error.name,
    why: `${error.name}: ${error.message}`,
    awsMessage: error.message,
    requestId: error.$metadata?.requestId,
    cause: error,
  };
  if (isClockFault(error)) {
    return new UserError('AWS refuses the signature: the clock of this machine is off.', {
      ...parts,
      why: `${parts.why} (${clockText(error)})`,
      fix: 'Set the clock of the machine that this job runs on (NTP).',
    });
  }
  if (['ExpiredTokenException', 'ExpiredToken', 'RequestExpired'].includes(error.name)) {
    return new UserError(`The AWS session expired before ${action}.`, {
      ...parts,
      code: 'ExpiredTokenException',
      fix: 'Ask for a longer session (--session-duration, up to the role’s maximum), or let --role-arn renew it.',
    });
  }
  if (
    [
      'UnrecognizedClientException',
      'InvalidClientTokenId',
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'MissingAuthenticationTokenException',
      'MissingAuthenticationToken',
      'IncompleteSignature',
    ].includes(error.name)
  ) {
    return new UserError('AWS does not accept these credentials.', {
      ...parts,
      fix: 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN) of the CircleCI context or project, or use --role-arn.',
    });
  }
  if (error.name === 'CredentialsProviderError') {
    return new UserError('There are no AWS credentials.', {
      ...parts,
      why: error.message,
      fix: 'Add the CircleCI context that holds AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY to the job, or pass --role-arn or --profile.',
    });
  }
  // The SDK's own words, in its defaultStsRoleAssumers.
  if (error.message.startsWith('Invalid response from STS')) return noSession(error);
  if (error.message === 'Region is missing' || error.message.startsWith('Region not accepted')) {
    const missing = error.message === 'Region is missing' || error.message.includes('region=""');
    return new UserError(missing ? 'The AWS region is not known.' : 'The AWS region is not a region.', {
      ...parts,
      why: missing ? 'Neither --region nor AWS_REGION is set.' : error.message,
      fix: 'Set AWS_REGION in the CircleCI context, or pass --region.',
    });
  }
  return undefined;
}

function fixFor(name: string, message: string, action: string): string {
  const denied = /is not authorized to perform: (\S+)(?: on resource: (\S+))?/.exec(message);
  if (denied !== null || /^AccessDenied/.test(name)) {
    const missing = denied?.[1] ?? action;
    const resource = denied?.[2] === undefined ? '' : ` on ${denied[2]}`;
    return `Allow ${missing}${resource} for these credentials; \`migrate-deploy iam-policy\` prints the policy that a command needs.`;
  }
  return own(fixes, name) ?? 'Correct what AWS complains about and run the command again.';
}

const fixes: Readonly<Record<string, string>> = {
  ClusterNotFoundException: 'Check --cluster, and that --region and the account are the ones it lives in.',
  ServiceNotFoundException: 'Check --service (or --family), --cluster and --region.',
  ServiceNotActiveException: 'The service is being deleted or was deleted; create it again, then deploy.',
  RepositoryNotFoundException: 'Create the repository, pass --create-repository, or check its name and --region.',
  BlockedException: 'Ask AWS support why the account is blocked.',
  PlatformUnknownException: 'Check --platform-version; LATEST is the usual choice.',
};
