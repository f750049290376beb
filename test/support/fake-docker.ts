import { digestOf } from '../../local/aws/ecr/image-store.ts';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import type { ProcessResult, ProcessRunner } from '../../src/ports.ts';

/** One call of the docker program. */
export interface DockerCall {
  args: string[];
  input: string | undefined;
  env: Record<string, string | undefined>;
}

/** What a scripted step prints and ends with. */
export interface DockerAnswer {
  code?: number;
  signal?: string;
  output?: string;
}

/** A docker program in the same process: a push really puts an image into the model's ECR. */
export interface FakeDocker extends ProcessRunner {
  calls: DockerCall[];
  /** Steps by name (`build`, `login`, `push`) that answer something else than success. */
  answers: Record<string, DockerAnswer>;
  hasBuildx: boolean;
  /** What the engine remembers of its pushes. */
  repoDigests: string[];
  /** What the built image holds: another content gives another digest. */
  content: string;
  /** Runs while a step goes on. */
  during: (step: string) => void;
  /** How many minutes a step says nothing before its first line. */
  silentMinutes: Record<string, number>;
}

/** A fake docker for the model's registry. */
export function fakeDocker(model: LocalAws): FakeDocker {
  const docker: FakeDocker = {
    calls: [],
    answers: {},
    hasBuildx: true,
    repoDigests: [],
    content: 'app',
    during: () => undefined,
    silentMinutes: {},
    run: async (command, args, options = {}) => {
      if (command !== 'docker') throw new Error(`no program ${command}`);
      docker.calls.push({ args: [...args], input: options.input, env: { ...options.env } });
      const step = args[0] === 'buildx' ? (args[1] ?? '') : (args[0] ?? '');
      docker.during(step);
      if (step === 'version') return result(docker.hasBuildx ? {} : { code: 1 });
      if (step === 'image') return result({ output: JSON.stringify(docker.repoDigests) });
      const { afterMs = Number.POSITIVE_INFINITY, tell } = options.silence ?? {};
      const silentMs = (docker.silentMinutes[step] ?? 0) * 60_000;
      for (let ms = afterMs; ms <= silentMs; ms += afterMs) tell?.(ms);
      const scripted = docker.answers[step];
      if (scripted !== undefined) return result(scripted);
      if (step === 'build' && args.includes('--push')) for (const tag of tagsOf(args)) push(model, tag, docker.content);
      const output = step === 'push' ? push(model, args[1] ?? '', docker.content) : `${step} went well`;
      options.onLine?.(output, 'out');
      return result({ output });
    },
  };
  return docker;
}

function push(model: LocalAws, reference: string, content: string): string {
  const [, name = '', tag = ''] = /^[^/]+\/(.+):([^:/]+)$/.exec(reference) ?? [];
  return `${tag}: digest: ${model.ecr.push(name, [tag], content)} size: ${digestOf(content).length}`;
}

function tagsOf(args: readonly string[]): string[] {
  return args.filter((_arg, index) => args[index - 1] === '--tag');
}

function result({ code = 0, signal, output = '' }: DockerAnswer): ProcessResult {
  return { code: signal === undefined ? code : undefined, signal, tail: output, stdout: output };
}
