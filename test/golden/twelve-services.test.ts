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

/** What the first version of this log had, when digests, ARNs, changes and failures were said in full each time. */
const charactersBefore = 17_594;

test('the log of 12 services is shorter by a third, and loses no fact', async () => {
  const text = await log();
  await expect(text).toMatchFileSnapshot('runs/rollout-twelve-services.txt');
  expect(text.length).toBeLessThan((charactersBefore * 2) / 3);
  for (const name of names) {
    expect(text).toMatch(new RegExp(`^${name}: deployment ecs-svc/\\d+ of ${name}:2 began$`, 'm'));
    expect(text).toMatch(new RegExp(`^${name}: .*service-deployment/prod/${name}/\\w+$`, 'm'));
    expect(text).toMatch(new RegExp(`^${name}: (?:changes|the same changes) from ${name}:1`, 'm'));
    expect(text).toContain(`Registered ${name}:2`);
    if (name === 'billing') continue;
    expect(text).toContain(`${name} serves ${name}:2 after`);
    expect(text).toContain(`--service ${name} --to ${name}:1`);
  }
  expect(text).toContain('4 tasks failed in the same way: container web exited with code 1');
  expect(text).toContain('Log says: KeyError: key not found: "DATABASE_URL"');
  expect(text.match(/sha256:[0-9a-f]{64}/g)?.length).toBeLessThanOrEqual(3);
});

test('each line of a service names it', async () => {
  const text = await log();
  const events = text.split('\n').filter((line) => line.includes('event: '));
  expect(events.length).toBeGreaterThan(0);
  for (const line of events) expect(line).toMatch(new RegExp(`^(?:${names.join('|')}): event: `));
});

test('--timestamps puts the time in front of each line of the progress', async () => {
  const lines = (await log(['--timestamps'])).trimEnd().split('\n');
  for (const line of lines) expect(line).toMatch(/^\d\d:\d\d:\d\d /);
});
