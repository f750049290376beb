import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Docker engine of the test's own. */
export interface DockerEngine {
  env: { DOCKER_HOST: string };
  docker(args: string[]): string;
  close(): Promise<void>;
}

/** Starts dockerd without bridge and firewall rules, so that it runs inside other sandboxes too. */
export async function startDockerEngine(): Promise<DockerEngine> {
  const folder = mkdtempSync(join(tmpdir(), 'docker-engine-'));
  const socket = `unix://${folder}/docker.sock`;
  const folders = ['--data-root', `${folder}/data`, '--exec-root', `${folder}/exec`, '--pidfile', `${folder}/pid`];
  const log = openSync(`${folder}/log`, 'w');
  const daemon = spawn(
    'dockerd',
    ['--iptables=false', '--ip6tables=false', '--bridge=none', '-H', socket, ...folders],
    { stdio: ['ignore', log, log] },
  );
  const ended = new Promise((resolve) => daemon.once('close', resolve));
  const env = { DOCKER_HOST: socket };
  const docker = (args: string[]) =>
    execFileSync('docker', args, {
      env: { ...process.env, ...env },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  const answers = () => {
    try {
      docker(['version']);
      return true;
    } catch {
      return false;
    }
  };
  for (let tries = 0; !answers(); tries++) {
    if (tries === 60 || daemon.exitCode !== null) {
      throw new Error(`dockerd does not answer:\n${readFileSync(`${folder}/log`, 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return {
    env,
    docker,
    close: async () => {
      daemon.kill('SIGTERM');
      await ended;
      // The host's network name space stays mounted there when the engine has ended.
      spawnSync('umount', [`${folder}/exec/netns/default`]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
