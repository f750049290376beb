import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ContainerLauncher, definitionOf, type RunningContainer } from '../ecs/container-launch.ts';
import type { ContainerRecord, TaskRecord } from '../ecs/records.ts';
import { freePort } from './free-port.ts';
import type { RegistryImages, UnpackedImage } from './registry-images.ts';

type Tell = Parameters<ContainerLauncher['start']>[2];

/** Runs containers as child processes of this one; those whose image local ECR does not have are left to their scripts. */
export class ChildProcesses implements ContainerLauncher {
  readonly #images: RegistryImages;
  readonly #ports = new Map<string, number>();
  readonly #children = new Map<ChildProcess, string>();

  constructor(images: RegistryImages) {
    this.#images = images;
  }

  /** The port that the containers of a task were given, once they have been started. */
  portOf(taskArn: string): number | undefined {
    return this.#ports.get(taskArn);
  }

  /** The processes that run now, by task ARN. */
  processes(): { taskArn: string; pid: number }[] {
    return [...this.#children].map(([{ pid }, taskArn]) => ({ taskArn, pid: pid ?? 0 }));
  }

  start(task: TaskRecord, container: ContainerRecord, tell: Tell): RunningContainer | undefined {
    const { imageDigest } = container;
    if (imageDigest === undefined || !this.#images.has(imageDigest)) return undefined;
    let child: ChildProcess | undefined;
    let isKilled = false;
    const launch = async () => {
      const image = await this.#images.unpack(imageDigest);
      const port = await freePort();
      if (isKilled) return tell.exit(137);
      this.#ports.set(task.arn, port);
      // A program names files by their place on this machine; in a container the image's root is the root.
      const line = (message: string) => tell.line(message.replaceAll(image.root, ''));
      child = this.#spawn(commandLine(task, container, image, port), { ...tell, line });
      this.#children.set(child, task.arn);
    };
    launch().catch((error: Error) => tell.exit(undefined, `CannotStartContainerError: ${error.message}`));
    return {
      kill: (signal) => {
        isKilled = true;
        // The stop signal is for the container's first process, as in a container; SIGKILL takes all of it.
        if (signal === 'SIGKILL') killGroup(child);
        else child?.kill(this.#images.stopSignalOf(imageDigest));
      },
    };
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    const left = [...this.#children.keys()];
    for (const child of left) killGroup(child);
    await Promise.all(left.map((child) => new Promise((resolve) => child.once('close', resolve))));
  }

  #spawn({ argv, cwd, env }: CommandLine, tell: Tell): ChildProcess {
    const [program = '', ...words] = argv;
    // A group of its own, so that it can be ended as a whole.
    const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const lines = [child.stdout, child.stderr].map((input) => {
      const reader = createInterface({ input }).on('line', (line) => tell.line(line));
      return new Promise((resolve) => reader.once('close', resolve));
    });
    child.once('error', (error: NodeJS.ErrnoException) => {
      this.#children.delete(child);
      tell.exit(undefined, startFault(program, error));
    });
    child.once('exit', (code, signal) => {
      // A container ends with its first process.
      killGroup(child);
      void Promise.all(lines).then(() => {
        this.#children.delete(child);
        tell.exit(code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 9));
      });
    });
    return child;
  }
}

interface CommandLine {
  argv: string[];
  cwd: string;
  env: Record<string, string>;
}

function commandLine(
  task: TaskRecord,
  container: ContainerRecord,
  { root, config }: UnpackedImage,
  port: number,
): CommandLine {
  const entryPoint: string[] = definitionOf(task, container)?.entryPoint ?? config.Entrypoint ?? [];
  const command = container.command.length > 0 ? container.command : (config.Cmd ?? []);
  const env = Object.fromEntries(
    (config.Env ?? []).map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
  return {
    argv: [...entryPoint, ...command].map((word, index) => (index === 0 ? inImage(root, word) : word)),
    cwd: join(root, config.WorkingDir ?? '/'),
    env: { HOME: root, ...env, ...container.environment, PATH: searchPath(root, env.PATH), PORT: String(port) },
  };
}

/** The image's own folders first, then those of this machine, which stand in for the base image's. */
function searchPath(root: string, path = ''): string {
  const folders = path.split(':').filter((folder) => folder !== '');
  return [...folders.map((folder) => join(root, folder)), dirname(process.execPath), ...folders].join(':');
}

function inImage(root: string, program: string): string {
  return program.startsWith('/') && existsSync(join(root, program)) ? join(root, program) : program;
}

function startFault(program: string, error: NodeJS.ErrnoException): string {
  const fault = error.code === 'ENOENT' ? 'executable file not found in $PATH' : error.message;
  return (
    'CannotStartContainerError: ResourceInitializationError: failed to create new container runtime task: failed to create shim task: ' +
    `OCI runtime create failed: runc create failed: unable to start container process: exec: "${program}": ${fault}: unknown`
  );
}

function killGroup(child: ChildProcess | undefined): void {
  if (child?.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // Gone in the meantime, which is what was wanted.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
