import { describe, expect, test } from 'vitest';
import { breaker, crash, registry, requestsOf, rolloutWorld } from '../rollout/rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;

type World = Awaited<ReturnType<typeof rolloutWorld>>;

/** A new revision whose tasks stay in PENDING for an hour: nothing is decided. */
function neverDecided(world: World): void {
  world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { pendingMs: 3_600_000 });
}

const serving = (world: World): string[] =>
  world.model.truth.serving('web').taskDefinitionArns.map((arn) => arn.split('/')[1] ?? '');
const statusOf = (world: World): string | undefined =>
  world.model.services.find('prod', 'web')?.serviceDeployments[0]?.status;

describe('time-out', () => {
  test('leave: exit 3, the deployment goes on, and the way to look again is told', async () => {
    const world = await rolloutWorld();
    neverDecided(world);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '5m']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('had no verdict within 5m 00s');
    expect(stdout).toContain('So far: 0 of 2 new tasks running, 2 old tasks still running');
    expect(stdout).toContain('Look again with: migrate-deploy status --region eu-west-1 --cluster prod --service web');
    expect(statusOf(world)).toBe('IN_PROGRESS');
    // One heartbeat a minute keeps CircleCI from ending the step.
    expect(stdout.match(/^Still waiting for web/gm)?.length).toBeGreaterThanOrEqual(4);
  });

  test('the same command again follows the deployment under way to its end', async () => {
    const world = await rolloutWorld();
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { pendingMs: 600_000 });
    await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '1m']);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:2 after');
    expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
  });

  test('who asks for what serves after a rollback gets it proved', async () => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const cutOff = await world.bundle(['--service', 'web', '--image', image('v2'), '--timeout', '20s']);
    expect(cutOff.exitCode).toBe(3);
    world.model.clock.advance(3_600_000);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--task-definition', 'web:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:1 already: nothing was changed.');
    expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
  });

  test('rollback: StopServiceDeployment, waited for, and what serves now', async () => {
    const world = await rolloutWorld();
    neverDecided(world);
    const args = ['--service', 'web', '--image', image('v2'), '--timeout', '3m', '--on-failure', 'rollback'];
    const { exitCode, stdout } = await world.bundle(args);
    expect(exitCode).toBe(3);
    expect(requestsOf(world.model, 'StopServiceDeployment')).toHaveLength(1);
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(statusOf(world)).toBe('ROLLBACK_SUCCESSFUL');
    expect(serving(world)).toEqual(['web:1']);
  });

  test('--max-poll-attempts times --poll-interval is the time-out', async () => {
    const world = await rolloutWorld();
    neverDecided(world);
    const startMs = world.model.clock.now();
    const args = ['--service', 'web', '--image', image('v2'), '--max-poll-attempts', '30', '--poll-interval', '10'];
    const { exitCode } = await world.bundle(args);
    expect(exitCode).toBe(3);
    const tookMs = world.model.clock.now() - startMs;
    expect(tookMs).toBeGreaterThanOrEqual(285_000);
    expect(tookMs).toBeLessThanOrEqual(315_000);
  });
});

describe('failure with --on-failure rollback', () => {
  test('a crash loop without breaker is stopped and rolled back by us', async () => {
    const world = await rolloutWorld();
    world.model.services.settings.rollbackRequestMs = 90_000;
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await world.bundle([
      '--service',
      'web',
      '--image',
      image('v2'),
      '--on-failure',
      'rollback',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('web: rolling back (StopServiceDeployment)');
    expect(stdout).toContain('Still waiting for the rollback of web: 1m');
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(stdout).toContain('Serves now: web:1 (the previous revision)');
    expect(serving(world)).toEqual(['web:1']);
  });

  test('where the deployment cannot be stopped, the previous revision is deployed', async () => {
    const world = await rolloutWorld();
    world.model.behaviours.script({ image: world.digests.v2 ?? '' }, crash);
    const message = 'User: ci is not authorized to perform: ecs:StopServiceDeployment on resource: *';
    world.model.faults.script({
      kind: 'error',
      operation: 'StopServiceDeployment',
      type: 'AccessDeniedException',
      message,
    });
    const { exitCode, stdout } = await world.bundle([
      '--service',
      'web',
      '--image',
      image('v2'),
      '--on-failure',
      'rollback',
    ]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('web: rolling back (UpdateService to web:1)');
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(serving(world)).toEqual(['web:1']);
  });
});

describe('interrupt', () => {
  test.each([
    ['SIGINT' as const, 130],
    ['SIGTERM' as const, 143],
  ])('%s with leave: exit %d, the deployment goes on', async (signal, code) => {
    const world = await rolloutWorld();
    neverDecided(world);
    const { exitCode, stdout } = await world.bundle(['--service', 'web', '--image', image('v2')], {
      onLine: (line, kill) => {
        if (line.startsWith('Still waiting for web')) kill(signal);
      },
    });
    expect(exitCode).toBe(code);
    expect(stdout).toContain('The rollout of web:2 to web was not followed to its end: interrupted');
    expect(stdout).toContain('Look again with: migrate-deploy status');
    expect(statusOf(world)).toBe('IN_PROGRESS');
    expect(requestsOf(world.model, 'StopServiceDeployment')).toEqual([]);
  });

  test('with rollback: rolled back before we leave', async () => {
    const world = await rolloutWorld();
    neverDecided(world);
    const args = ['--service', 'web', '--image', image('v2'), '--on-interrupt', 'rollback'];
    const { exitCode, stdout } = await world.bundle(args, {
      onLine: (line, kill) => {
        if (line.startsWith('Still waiting for web')) kill('SIGTERM');
      },
    });
    expect(exitCode).toBe(143);
    expect(stdout).toContain('Rollback: web is back on web:1.');
    expect(serving(world)).toEqual(['web:1']);
  });
});

describe('bad connections', () => {
  test.each(['reset-after', 'broken-json-200', 'hang-after'] as const)(
    'UpdateService answered by %s: carried out once, followed all the same',
    async (kind) => {
      const world = await rolloutWorld();
      world.model.faults.script({ kind, operation: 'UpdateService' });
      const args = ['--service', 'web', '--image', image('v2'), '--request-timeout', '1s'];
      const { exitCode, stdout } = await world.bundle(args);
      expect(stdout).toContain('web: no answer to UpdateService');
      expect(exitCode).toBe(0);
      expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
      expect(serving(world)).toEqual(['web:2']);
    },
  );

  test('UpdateService lost on its way is sent again', async () => {
    const world = await rolloutWorld();
    world.model.faults.script({ kind: 'reset-before', operation: 'UpdateService' });
    const { exitCode } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(requestsOf(world.model, 'UpdateService')).toHaveLength(2);
    expect(world.model.services.find('prod', 'web')?.serviceDeployments).toHaveLength(2);
  });

  test.each(['503-html', 'empty-500', 'truncate', 'reset-before'] as const)(
    'polls answered by %s are no verdict',
    async (kind) => {
      const world = await rolloutWorld();
      world.model.faults.script({ kind, operation: 'DescribeServices', skip: 2, times: 7 });
      const { exitCode } = await world.bundle(['--service', 'web', '--image', image('v2')]);
      expect(exitCode).toBe(0);
    },
  );

  test.each([
    ['v2', 0, 'web serves web:2 after'],
    ['v3', 1, 'rolled back because the circuit breaker threshold was exceeded'],
  ])('ListTasks that never answers keeps no verdict from standing (%s: exit %d)', async (tag, code, text) => {
    const world = await rolloutWorld({ more: breaker });
    world.model.behaviours.script({ image: world.digests.v3 ?? '' }, crash);
    world.model.faults.script({ kind: 'hang', operation: 'ListTasks', times: 1_000 });
    const args = ['--service', 'web', '--image', image(tag), '--request-timeout', '1s', '--timeout', '15m'];
    const { exitCode, stdout } = await world.bundle(args);
    expect(stdout).toContain(text);
    expect(exitCode).toBe(code);
  });

  test('a session that expires while we wait: exit 2, what was started is named', async () => {
    const world = await rolloutWorld();
    world.model.faults.script({ kind: 'expired-token', operation: 'DescribeServices', skip: 3, times: 100 });
    const { exitCode, stdout, stderr } = await world.bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stdout + stderr).toMatch(
      /The AWS session expired before ecs:DescribeServices\. Deployment ecs-svc\/\d+ of web goes on\./,
    );
    expect(stdout + stderr).toContain('Look again with: migrate-deploy status');
  });
});

test('values of --env and of what a definition holds appear nowhere, at any verbosity', async () => {
  const world = await rolloutWorld({ service: false });
  const canaries = ['canary-set', 'canary-kept', 'canary-removed', 'canary-label'];
  const environment = [
    { name: 'KEPT', value: 'canary-kept' },
    { name: 'GONE', value: 'canary-removed' },
  ];
  await world.service('web', {}, { environment, dockerLabels: { note: 'canary-label' } });
  const args = [
    '--service',
    'web',
    '--env',
    'web:SET=canary-set',
    '--remove-env',
    'GONE',
    '--debug',
    '--record-dir',
    'records',
  ];
  for (const more of [['--dry-run'], ['--output', 'json'], []]) {
    const { exitCode, stdout, stderr } = await world.bundle([...args, ...more]);
    expect(exitCode).toBe(0);
    for (const canary of canaries) expect(stdout + stderr).not.toContain(canary);
  }
  const [sent] = requestsOf(world.model, 'RegisterTaskDefinition');
  expect(sent.containerDefinitions[0].environment).toEqual([
    { name: 'KEPT', value: 'canary-kept' },
    { name: 'SET', value: 'canary-set' },
  ]);
});

test('--dry-run prints names and requests and changes nothing', async () => {
  const world = await rolloutWorld();
  const args = ['--service', 'web', '--image', image('v2'), '--env', 'MODE=staging', '--dry-run'];
  const { exitCode, stdout } = await world.bundle(args);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('~ container web: environment MODE changed');
  expect(stdout).toContain('Would send ecs:RegisterTaskDefinition:');
  expect(stdout).toContain('Would send ecs:UpdateService:');
  expect(stdout).toContain('Dry run: nothing was changed.');
  expect(stdout).not.toContain('staging');
  for (const operation of ['RegisterTaskDefinition', 'UpdateService'])
    expect(requestsOf(world.model, operation)).toEqual([]);
});
