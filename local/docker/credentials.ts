import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Logins by registry host, as docker's own configuration file keeps them. */
export type Auths = Record<string, { auth: string }>;
const configPath = join(process.env.DOCKER_CONFIG ?? join(homedir(), '.docker'), 'config.json');

async function readConfig(): Promise<{ auths?: Auths }> {
  const content = await readFile(configPath, 'utf8').catch(() => '{}');
  return JSON.parse(content) as { auths?: Auths };
}

/** The logins so far. */
export async function readAuths(): Promise<Auths> {
  return (await readConfig()).auths ?? {};
}

/** Rewrites the logins and leaves the rest of docker's configuration as it is. */
export async function changeAuths(change: (auths: Auths) => Auths): Promise<void> {
  const config = await readConfig();
  await mkdir(dirname(configPath), { recursive: true });
  await writeFile(configPath, JSON.stringify({ ...config, auths: change(config.auths ?? {}) }, null, '\t'), {
    mode: 0o600,
  });
}
