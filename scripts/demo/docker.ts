import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installStandInDocker } from '../../local/docker/install.ts';

/** How this run builds images. */
export interface Docker {
  isEngine: boolean;
  /** What to add to the environment so that `docker` means this one. */
  env: Record<string, string>;
}

/** The Docker engine when one answers, otherwise the stand-in, first on PATH. */
export async function chooseDocker(folder: string): Promise<Docker> {
  if (docker(['version', '--format', '{{.Server.Version}}']) !== undefined) {
    // Jobs have a home folder of their own, without the context that this user may have chosen.
    const host = docker(['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']);
    return { isEngine: true, env: host === undefined ? {} : { DOCKER_HOST: host } };
  }
  const bin = join(folder, 'bin');
  await installStandInDocker(bin);
  return {
    isEngine: false,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}`, STAND_IN_DOCKER_HOME: join(folder, 'stand-in-docker') },
  };
}

/** What docker prints, or undefined where it fails or no engine answers. */
function docker(args: string[]): string | undefined {
  const { status, stdout } = spawnSync('docker', args, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? stdout.trim() : undefined;
}
