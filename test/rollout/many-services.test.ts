import { expect, test } from 'vitest';
import { crash, requestsOf, rolloutWorld } from './rollout-world.ts';

async function worldOf(count: number) {
  const world = await rolloutWorld({ service: false });
  const names = Array.from({ length: count }, (_, index) => `web-${index}`);
  for (const name of names) await world.service(name);
  world.model.requests.length = 0;
  return { ...world, names };
}

const forced = (names: readonly string[]): string[] => ['--service', names.join(','), '--force-new-deployment'];

test('twelve services are followed to their end with at most 160 requests', async () => {
  const { deploy, model, names } = await worldOf(12);
  const { exitCode } = await deploy(forced(names));
  expect(exitCode).toBe(0);
  expect(model.requests.length).toBeLessThanOrEqual(160);
  // The services say which deployment is theirs; nothing is asked for each of them again and again.
  expect(requestsOf(model, 'ListServiceDeployments')).toHaveLength(1);
  expect(requestsOf(model, 'ListTasks').every((input) => input.serviceName === undefined)).toBe(true);
});

test('of twelve services, each failed task is shown with the service that it is of', async () => {
  const { deploy, model, names } = await worldOf(12);
  model.behaviours.script({ family: 'web-3' }, crash);
  const { exitCode, stdout } = await deploy([...forced(names), '--max-failed-tasks', '1']);
  expect(exitCode).toBe(1);
  expect(stdout).toContain('KeyError: key not found: "DATABASE_URL"');
  expect(stdout).toMatch(/web-3[^\n]*(failed|exit code 1)/i);
  expect(stdout).not.toMatch(/web-4[^\n]*exit code 1/);
});
