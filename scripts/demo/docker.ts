import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { installStandInDocker } from '../../test/support/stand-in-docker/install.ts';

/** How this run builds images. */
export interface Docker {
  isEngine: boolean;
  /** What to add to the environment so that `docker` means this one. */
  env: Record<string, string>;
}

/** The Docker engine when one answers, otherwise the stand-in, first on PATH. */
export async function chooseDocker(folder: string): Promise<Docker> {
  const { status } = spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], {
    stdio: 'ignore',
    timeout: 5000,
  });
  if (status === 0) return { isEngine: true, env: {} };
  const bin = join(folder, 'bin');
  await installStandInDocker(bin);
  return {
    isEngine: false,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}`, STAND_IN_DOCKER_HOME: join(folder, 'stand-in-docker') },
  };
}
