import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ScaledClock } from '../../local/aws/clock.ts';
import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { ChildProcesses } from '../../local/aws/process/child-processes.ts';
import { DockerContainers } from '../../local/aws/process/docker-containers.ts';
import { RegistryImages } from '../../local/aws/process/registry-images.ts';

export interface StartOptions {
  port?: number;
  /** How many times as fast as the wall clock AWS's time runs. */
  scale?: number;
  region?: string;
  /** Containers run in the Docker engine instead of as child processes. */
  inDocker?: boolean;
}

/** A local AWS whose containers really run. */
export interface RunningAws extends Served {
  model: LocalAws;
  /** Ports of the tasks of a service that ECS says are RUNNING. */
  portsOf(service: string): number[];
}

/** Starts local AWS over HTTP, with the wall clock times `scale`, its containers real ones. */
export async function startLocalAws(options: StartOptions = {}): Promise<RunningAws> {
  const folder = await mkdtemp(join(tmpdir(), 'local-aws-'));
  const model = new LocalAws({
    clock: new ScaledClock(options.scale ?? 1),
    ...(options.region === undefined ? {} : { region: options.region }),
  });
  const images = new RegistryImages(model.ecr.store, folder);
  const containers = options.inDocker === true ? new DockerContainers(images) : new ChildProcesses(images);
  model.tasks.launcher = containers;
  const served = await serve(model, options.port === undefined ? {} : { port: options.port });
  return {
    ...served,
    model,
    portsOf: (service) =>
      model.truth
        .serving(service)
        .taskArns.map((arn) => containers.portOf(arn))
        .filter((port) => port !== undefined),
    close: async () => {
      await served.close();
      await containers.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
