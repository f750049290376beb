import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { type ContainerLauncher, definitionOf, type RunningContainer } from '../ecs/container-launch.ts';
import type { ContainerRecord, TaskRecord } from '../ecs/records.ts';
import { freePort } from './free-port.ts';
import type { RegistryImages } from './registry-images.ts';

/** Variables that the docker client itself goes by: a container's own must not reach it. */
const OF_THE_CLIENT = /^(PATH|HOME|DOCKER_\w+)$/;

type Tell = Parameters<ContainerLauncher['start']>[2];

/** Runs containers in the Docker engine, on the host's network; those whose image local ECR does not have follow their scripts. */
export class DockerContainers implements ContainerLauncher {
  readonly #images: RegistryImages;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #ports = new Map<string, number>();
  readonly #running = new Map<string, ChildProcess>();

  constructor(images: RegistryImages, environment: NodeJS.ProcessEnv = process.env) {
    this.#images = images;
    this.#environment = environment;
  }

  /** The port that the containers of a task were given, once they have been started. */
  portOf(taskArn: string): number | undefined {
    return this.#ports.get(taskArn);
  }

  start(task: TaskRecord, container: ContainerRecord, tell: Tell): RunningContainer | undefined {
    const { imageDigest } = container;
    if (imageDigest === undefined || !this.#images.has(imageDigest)) return undefined;
    const image = this.#images.referenceOf(imageDigest);
    const name = `local-aws-${task.id}-${container.name}`;
    let wantsEnd: 'SIGTERM' | 'SIGKILL' | undefined;
    const launch = async () => {
      const port = this.#ports.get(task.arn) ?? (await freePort());
      if (wantsEnd !== undefined) return tell.exit(137);
      this.#ports.set(task.arn, port);
      this.#run(name, image, { task, container, port }, tell);
    };
    launch().catch((error: Error) => tell.exit(undefined, `CannotStartContainerError: ${error.message}`));
    return {
      kill: (signal) => {
        wantsEnd = signal;
        const sent = signal === 'SIGKILL' ? signal : this.#images.stopSignalOf(imageDigest);
        if (this.#running.has(name)) this.#docker(['kill', `--signal=${sent}`, name]);
      },
    };
  }

  /** Ends whatever still runs. */
  async close(): Promise<void> {
    const ends = [...this.#running].map(([name, child]) => {
      const ended = new Promise((resolve) => child.once('close', resolve));
      this.#docker(['kill', name]);
      return ended;
    });
    await Promise.all(ends);
  }

  #run(
    name: string,
    image: string,
    { task, container, port }: { task: TaskRecord; container: ContainerRecord; port: number },
    tell: Tell,
  ): void {
    const [program, ...words]: string[] = definitionOf(task, container)?.entryPoint ?? [];
    const entryPoint = program === undefined ? [] : ['--entrypoint', program];
    const variables: Record<string, string> = { ...container.environment, PORT: String(port) };
    // Names only: values stay out of the argument list, which every user of this machine can read.
    const names = Object.entries(variables).flatMap(([variable, value]) => [
      '--env',
      OF_THE_CLIENT.test(variable) ? `${variable}=${value}` : variable,
    ]);
    const args = ['run', '--rm', '--network=host', '--name', name, ...names, ...entryPoint, image, ...words];
    const given = Object.entries(variables).filter(([variable]) => !OF_THE_CLIENT.test(variable));
    const child = this.#docker([...args, ...container.command], Object.fromEntries(given));
    this.#running.set(name, child);
    let lastError = '';
    const lines = [child.stdout, child.stderr].map((input) => {
      if (input === null) return Promise.resolve();
      const reader = createInterface({ input }).on('line', (line) => {
        lastError = line;
        tell.line(line);
      });
      return new Promise<void>((resolve) => void reader.once('close', () => resolve()));
    });
    child.once('error', (error) => tell.exit(undefined, `CannotStartContainerError: ${error.message}`));
    child.once('close', (code) => {
      void Promise.all(lines).then(() => {
        this.#running.delete(name);
        // docker's own exit codes: 125 for a refusal of the engine, 126 and 127 for a program that cannot be started.
        if (code === null || (code >= 125 && code <= 127))
          tell.exit(undefined, `CannotStartContainerError: ${lastError}`);
        else tell.exit(code);
      });
    });
  }

  #docker(args: string[], variables: Record<string, string> = {}): ChildProcess {
    const env = { ...this.#environment, ...variables };
    return spawn('docker', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
