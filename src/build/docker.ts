import type { ProcessResult, ProcessRunner } from '../ports.ts';

/** What an image is built from, as `docker build` understands it. */
export interface BuildInput {
  path: string;
  dockerfile: string | undefined;
  target: string | undefined;
  buildArgs: readonly string[];
  platform: string | undefined;
  cacheFrom: readonly string[];
  extraArgs: readonly string[];
}

/** The docker program, with a configuration folder of its own for the run. */
export interface Docker {
  /** Whether BuildKit's builder is there, or only the classic one. */
  hasBuildx(): Promise<boolean>;
  build(args: readonly string[]): Promise<ProcessResult>;
  login(host: string, user: string, password: string): Promise<ProcessResult>;
  push(reference: string): Promise<ProcessResult>;
  /** Digests that the engine remembers of its pushes of this image, as `repository@sha256:…`. */
  pushedDigests(reference: string): Promise<string[]>;
}

export interface DockerDeps {
  processes: ProcessRunner;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
  onLine: (line: string) => void;
  /** Told once a minute while docker runs and says nothing. */
  onSilence: (step: string, silentMs: number) => void;
}

const silentAtMostMs = 60_000;

/** Docker with `configFolder` as its DOCKER_CONFIG; the registry's password goes to it on standard input only. */
export function connectDocker(configFolder: string, { processes, env, signal, ...tell }: DockerDeps): Docker {
  const run = (args: readonly string[], more: { input?: string; loud?: boolean } = {}): Promise<ProcessResult> =>
    processes.run('docker', args, {
      env: { ...env, DOCKER_CONFIG: configFolder },
      signal,
      ...(more.input === undefined ? {} : { input: more.input }),
      silence: { afterMs: silentAtMostMs, tell: (silentMs) => tell.onSilence(stepOf(args), silentMs) },
      ...(more.loud === true ? { onLine: tell.onLine } : {}),
    });
  return {
    hasBuildx: async () => (await run(['buildx', 'version'])).code === 0,
    build: (args) => run(args, { loud: true }),
    login: (host, user, password) => run(['login', '--username', user, '--password-stdin', host], { input: password }),
    push: (reference) => run(['push', reference], { loud: true }),
    pushedDigests: async (reference) => {
      const { code, stdout } = await run(['image', 'inspect', '--format', '{{json .RepoDigests}}', reference]);
      return code === 0 ? (JSON.parse(stdout) as string[]) : [];
    },
  };
}

const stepOf = ([word = '', next = '']: readonly string[]): string => (word === 'buildx' ? next : word);

/** The arguments of the build. An image for several platforms cannot be loaded, so the builder itself pushes it. */
export function buildArguments(
  input: BuildInput,
  references: readonly string[],
  { buildx, push, metadataFile }: { buildx: boolean; push: boolean; metadataFile?: string },
): string[] {
  const several = isMultiPlatform(input);
  return [
    ...(buildx ? ['buildx', 'build', '--progress=plain', ...(several ? [] : ['--load'])] : ['build']),
    ...(several && push ? ['--push'] : []),
    ...(several && push && metadataFile !== undefined ? ['--metadata-file', metadataFile] : []),
    ...references.flatMap((reference) => ['--tag', reference]),
    ...(input.dockerfile === undefined ? [] : ['--file', input.dockerfile]),
    ...(input.target === undefined ? [] : ['--target', input.target]),
    ...input.buildArgs.flatMap((buildArg) => ['--build-arg', buildArg]),
    ...(input.platform === undefined ? [] : ['--platform', input.platform]),
    ...input.cacheFrom.flatMap((source) => ['--cache-from', source]),
    ...input.extraArgs,
    input.path,
  ];
}

/** Whether the build makes an index of several images. */
export function isMultiPlatform({ platform }: Pick<BuildInput, 'platform'>): boolean {
  return platform?.includes(',') === true;
}

/** The digest that `docker push` names in its last line, where it does. */
export function pushedDigest({ tail }: Pick<ProcessResult, 'tail'>): string | undefined {
  return /\bdigest: (sha256:[0-9a-f]{64})\b/.exec(tail)?.[1];
}

/** The digest in the metadata that buildx wrote about what it pushed. */
export function digestInMetadata(metadata: string | undefined): string | undefined {
  try {
    const digest = (JSON.parse(metadata ?? '') as Record<string, unknown>)['containerimage.digest'];
    return typeof digest === 'string' ? digest : undefined;
  } catch {
    return undefined;
  }
}

/** The arguments as they may be printed: build arguments keep their names only. */
export function hideBuildArguments(args: readonly string[]): string[] {
  const nameOnly = (pair: string): string => pair.replace(/=.*/s, '=(hidden)');
  return args.map((arg, index) => {
    if (args[index - 1] === '--build-arg') return nameOnly(arg);
    return arg.startsWith('--build-arg=') ? `--build-arg=${nameOnly(arg.slice('--build-arg='.length))}` : arg;
  });
}
