import type { AwsCredentialIdentityProvider } from '@aws-sdk/types';
import type { AwsOptions } from '../options/shared.ts';
import type { Aws, ProcessRunner, SetupPort } from '../ports.ts';
import { explain } from './explain.ts';
import { createSend, type Send, type SendOptions } from './send.ts';
import { checkSettings } from './settings.ts';

/** What the edge hands in beside the options: the clock, and what ends requests (see Limits). */
export interface ConnectDeps extends Omit<SendOptions, 'requestTimeoutMs'> {
  env: Readonly<Record<string, string | undefined>>;
  version: string;
  /** Replaces HTTP, for running against a model in the same process. */
  requestHandler?: unknown;
  /** Asked for a fresh OIDC token of the job when a session must be renewed. */
  processes?: ProcessRunner | undefined;
  /** Makes the clients that only the command line has. */
  connectSetup?: ((config: object, send: Send) => Promise<SetupPort>) | undefined;
  /** Replaces the search for credentials. */
  credentials?: AwsCredentialIdentityProvider | undefined;
}

/** Clients for these options, each loaded when it is first used; sends only what signing in and --expect-account need. */
export async function connectAws(options: AwsOptions, deps: ConnectDeps): Promise<Aws> {
  if (deps.credentials === undefined) checkSettings(deps.env, options);
  const send = createSend({ ...deps, requestTimeoutMs: options.requestTimeoutMs });
  const shared = {
    maxAttempts: 1,
    customUserAgent: [['migrate-deploy', deps.version]] as [string, string][],
    requestHandler: (deps.requestHandler ?? {
      connectionTimeout: Math.min(5_000, options.requestTimeoutMs),
      requestTimeout: options.requestTimeoutMs,
      socketTimeout: options.requestTimeoutMs,
      throwOnRequestTimeout: true,
    }) as never,
    ...(options.profile === undefined ? {} : { profile: options.profile }),
  };
  const region =
    options.region || deps.env.AWS_REGION || deps.env.AWS_DEFAULT_REGION || (await configuredRegion(shared));
  const credentials = await signIn(options, { ...deps, send, clientConfig: { ...shared, region } });
  const config = { ...shared, region, ...(credentials === undefined ? {} : { credentials }) };
  const aws: Aws = {
    region,
    ecs: lazily(async () => (await import('./ecs.ts')).connectEcs(config, send)),
    ecr: lazily(async () => (await import('./ecr.ts')).connectEcr(config, send)),
    ecrIn: (ecrRegion) =>
      lazily(async () => (await import('./ecr.ts')).connectEcr({ ...config, region: ecrRegion }, send)),
    sts: lazily(async () => (await import('./sts.ts')).connectSts(config, send)),
    setup: lazily(async () => {
      if (deps.connectSetup === undefined) throw new Error('this program has no clients for setting up');
      return deps.connectSetup(config, send);
    }),
    logs: (logRegion = region) =>
      lazily(async () => (await import('./logs.ts')).connectLogs({ ...config, region: logRegion }, send)),
  };
  if (options.expectAccount !== undefined) {
    await (await import('./credentials.ts')).checkAccount(aws.sts, options.expectAccount);
  }
  return aws;
}

/** Assumes the role that was asked for, so that a credential fault comes before anything else happens. */
async function signIn(
  options: AwsOptions,
  deps: ConnectDeps & { send: Send; clientConfig: object },
): Promise<AwsCredentialIdentityProvider | undefined> {
  const { profileCredentials, roleCredentials } = await import('./credentials.ts');
  const ambient =
    options.profile === undefined
      ? deps.credentials
      : (deps.credentials ?? (await profileCredentials(options.profile, deps)));
  if (options.roleArn === undefined) return ambient;
  const provider = roleCredentials(options, { ...deps, ambient });
  await provider();
  return provider;
}

async function configuredRegion(shared: object): Promise<string> {
  const { STSClient } = await import('@aws-sdk/client-sts');
  try {
    return await new STSClient(shared).config.region();
  } catch (error) {
    throw explain(error, 'the first request');
  }
}

/** A port whose adapter is loaded by its first call, so that a command pays only for the clients it uses. */
function lazily<Port extends object>(load: () => Promise<Port>): Port {
  let loading: Promise<Port> | undefined;
  const call = (method: string | symbol) => async (input: unknown) => {
    loading ??= load();
    const port = (await loading) as Record<string | symbol, (input: unknown) => Promise<unknown>>;
    return port[method]?.(input);
  };
  // A port that answered to `then` would be taken for a promise.
  return new Proxy({} as Port, { get: (_target, method) => (method === 'then' ? undefined : call(method)) });
}
