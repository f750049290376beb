import { expect, test } from 'vitest';
import { breaker, crash, registry, rolloutWorld } from '../rollout/rollout-world.ts';

const names = [
  'web',
  'api',
  'worker',
  'mailer',
  'search',
  'admin',
  'billing',
  'images',
  'auth',
  'cron',
  'events',
  'edge',
];

/** A rollout to 12 services, one of which crashes and is rolled back. */
async function log(more: readonly string[] = []): Promise<string> {
  const { model, digests, service, deploy } = await rolloutWorld({ more: breaker });
  for (const name of names.slice(1)) await service(name, breaker);
  model.behaviours.script({ serviceName: 'billing', image: digests.v2 ?? '' }, crash);
  const { stdout, exitCode } = await deploy(['--service', names.join(','), '--image', `${registry}/web:v2`, ...more]);
  expect(exitCode).toBe(1);
  return stdout;
}

test('the log of 12 services', async () => {
  const text = await log();
  await expect(text).toMatchFileSnapshot('runs/rollout-twelve-services.txt');
});
