import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { type ContainerLauncher, definitionOf, type RunningContainer } from '../ecs/container-launch.ts';
import type { ContainerRecord, TaskRecord } from '../ecs/records.ts';
import type { Json } from '../wire.ts';

/** What is known of a container that is about to run. */
export interface ContainerToRun {
  name: string;
  image: string;
  imageDigest: string | undefined;
  /** The command as it runs: of the overrides, else of the definition; empty when the image's own is meant. */
  command: readonly string[];
  /** Of the definition and the overrides, together. */
  environment: Readonly<Record<string, string>>;
  taskArn: string;
  serviceName: string | undefined;
  /** The container definition as it was registered, e.g. for its portMappings. */
  definition: Json;
}

/** How a container runs as a process of this machine. */
export interface ProcessCommand {
  argv: readonly [string, ...string[]];
  cwd: string;
  /** The whole environment, nothing is added. */
  env: Readonly<Record<string, string>>;
}

/** Knows images as programs of this machine; answers undefined for images it does not have, which follow their script. */
export interface ProcessImages {
  command(container: ContainerToRun): ProcessCommand | undefined;
}

/** Runs containers as child processes: output goes to the log stream line by line, the exit code is the real one. */
export class ProcessContainers implements ContainerLauncher {
  readonly #images: ProcessImages;
  readonly #children = new Set<ChildProcess>();

  constructor(images: ProcessImages) {
    this.#images = images;
  }

  start(
    task: TaskRecord,
    container: ContainerRecord,
    tell: { line(message: string): void; exit(code: number | undefined, reason?: string): void },
  ): RunningContainer | undefined {
    const found = this.#images.command({
      name: container.name,
      image: container.image,
      imageDigest: container.imageDigest,
      command: container.command,
      environment: container.environment,
      taskArn: task.arn,
      serviceName: task.serviceName,
      definition: definitionOf(task, container) ?? {},
    });
    if (found === undefined) return undefined;
    const [program, ...args] = found.argv;
    // A group of its own: like a container, it ends as a whole.
    const child = spawn(program, args, {
      cwd: found.cwd,
      env: { ...found.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#children.add(child);
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', tell.line);
    child.on('error', (error) => {
      this.#children.delete(child);
      tell.exit(127, `CannotStartContainerError: Error response from daemon: ${error.message}`);
    });
    child.on('exit', () => killGroup(child));
    child.on('close', (code, signal) => {
      this.#children.delete(child);
      tell.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
    // SIGTERM goes to the first process alone, as in a container.
    return { kill: (signal) => (signal === 'SIGTERM' ? child.kill('SIGTERM') : killGroup(child)) };
  }

  /** Ends every container that still runs; for the end of a demonstration or a test. */
  async stopAll(): Promise<void> {
    const ends = [...this.#children].map((child) => new Promise((resolve) => child.once('close', resolve)));
    for (const child of this.#children) killGroup(child);
    await Promise.all(ends);
  }
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It ended in the meantime.
  }
}
