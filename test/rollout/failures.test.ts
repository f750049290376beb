import { describe, expect, test } from 'vitest';
import { readFailureLogs } from '../../src/rollout/failure-logs.ts';
import type { RolloutDeps } from '../../src/rollout/model.ts';
import { inProcess } from '../support/in-process.ts';
import {
  aboutServiceDeployments,
  breaker,
  crash,
  deny,
  later,
  registry,
  requestsOf,
  rolloutWorld,
  targetGroup,
} from './rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;
const deployV2 = ['--service', 'web', '--image', image('v2')];

describe('failed tasks are counted as ECS counts them', () => {
  test('failures that are not in a row are not added up: a limping rollout that completes is green', async () => {
    const deploymentConfiguration = { minimumHealthyPercent: 50, maximumPercent: 100 };
    const { model, digests, deploy } = await rolloutWorld({ more: { desiredCount: 4, deploymentConfiguration } });
    const v2 = digests.v2 ?? '';
    model.behaviours.script({ image: v2, times: 2 }, crash);
    later(model, 100_000, () => void model.behaviours.script({ image: v2, times: 2 }, crash));
    const { exitCode, stdout } = await deploy([...deployV2, '--on-failure', 'rollback']);
    expect(stdout.match(/^web: task \w+ failed/gm)).toHaveLength(4);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'StopServiceDeployment')).toEqual([]);
  });

  test('--max-failed-tasks is the stricter limit of the user, also where a breaker is on', async () => {
    const { model, digests, deploy } = await rolloutWorld({ more: { ...breaker, desiredCount: 10 } });
    model.behaviours.script({ image: digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await deploy([...deployV2, '--max-failed-tasks', '2']);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/Why: \d+ tasks of the new revision failed in a row; the limit is 2\./);
  });
});

describe('while a breaker is on, the breaker speaks', () => {
  test('five minutes after its threshold: no verdict of ours before, and then its own cause', async () => {
    const { model, digests, deploy } = await rolloutWorld({ more: breaker });
    model.services.settings.breakerDelayMs = 300_000;
    model.behaviours.script({ image: digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await deploy(deployV2);
    expect(exitCode).toBe(1);
    expect(
      stdout.match(/the circuit breaker's threshold \(3\) is reached; Amazon ECS has not decided yet/g),
    ).toHaveLength(1);
    expect(stdout).not.toContain('the limit is');
    expect(stdout).toContain('Why: Service deployment rolled back because the circuit breaker threshold was exceeded.');
  });

  test('a breaker that never speaks: a time-out that says that its threshold was reached', async () => {
    const { model, digests, deploy } = await rolloutWorld({ more: breaker });
    model.services.settings.breakerDelayMs = Number.POSITIVE_INFINITY;
    model.behaviours.script({ image: digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await deploy([...deployV2, '--timeout', '10m']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain(
      'The threshold of the circuit breaker (3 failed tasks) is reached, but Amazon ECS has not decided yet',
    );
    expect(stdout).toContain('[web] KeyError');
  });

  test('a first deployment has no rollback candidate: failed, although its tasks may stay', async () => {
    const { model, digests, service, deploy } = await rolloutWorld({ service: false });
    model.behaviours.script({ kind: 'service' }, crash);
    await service('web', breaker);
    expect(digests.v1).toBeDefined();
    const { exitCode, stdout } = await deploy(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('Why: No rollback candidate was found to run the rollback.');
  });
});

describe('without permission for service deployments', () => {
  test.each([
    ['between two polls', ['--poll-interval', '15m', '--timeout', '1h']],
    ['before our eyes', []],
  ])('a rollback that passes %s is rolled back, never superseded', async (_rule, more) => {
    const { model, digests, deploy } = await rolloutWorld({ more: breaker });
    deny(model, ...aboutServiceDeployments);
    model.behaviours.script({ image: digests.v2 ?? '' }, crash);
    const { exitCode, stdout } = await deploy([...deployV2, ...more]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/web:2 to web failed; Amazon ECS (rolled it back|is rolling it back)/);
    expect(stdout).toContain('Serves now: web:1 (the previous revision');
    expect(stdout).not.toContain('superseded');
  });
});

describe('looking for evidence never stands between a poll and its verdict', () => {
  const spoil = [{ kind: 'throttle' as const }, { kind: 'hang' as const }, { kind: 'empty-500' as const }];
  test.each(spoil)('ListTasks spoilt by %o throughout: green stays green, and red stays red', async (fault) => {
    const { model, digests, deploy } = await rolloutWorld({ more: breaker });
    model.faults.script({ ...fault, operation: 'ListTasks', times: 9_999 });
    const green = await deploy(deployV2);
    expect(green.exitCode).toBe(0);
    model.behaviours.script({ image: digests.v3 ?? '' }, crash);
    const red = await deploy(['--service', 'web', '--image', image('v3')]);
    expect(red.exitCode).toBe(1);
    expect(red.stdout).toContain('rolled back because the circuit breaker threshold was exceeded');
  });

  test.each([
    ['green', 'v2', 0],
    ['red', 'v3', 1],
  ])('a full disk does not hide the verdict: %s', async (_rule, tag, code) => {
    const { model, digests, deploy } = await rolloutWorld({ more: breaker });
    model.behaviours.script({ image: digests.v3 ?? '' }, crash);
    const args = ['--service', 'web', '--image', image(tag), '--record-dir', 'r'];
    const { exitCode, stdout } = await deploy(args, { isDiskFull: true });
    expect(exitCode).toBe(code);
    expect(stdout).toContain('Warning: The record of web could not be saved: ENOSPC: no space left on device, write');
  });

  test('the failure logs of several tasks are read side by side', async () => {
    const { model } = await rolloutWorld();
    const { aws } = await inProcess(model);
    let asleep = 0;
    let most = 0;
    const clock = {
      now: () => model.clock.now(),
      sleep: async (ms: number) => {
        most = Math.max(most, ++asleep);
        await new Promise((resolve) => setImmediate(resolve));
        asleep--;
        model.clock.advance(ms);
      },
    };
    const interrupt = { signal: new AbortController().signal, name: () => 'SIGINT' as const };
    const log = { logDriver: 'awslogs', options: { 'awslogs-group': '/ecs/web', 'awslogs-stream-prefix': 'web' } };
    const groups = ['a', 'b', 'c'].map((id) => [
      { taskArn: `arn:aws:ecs:eu-west-1:123456789012:task/prod/${id}`, containers: [{ name: 'web', exitCode: 1 }] },
    ]);
    const deps = { aws, clock, interrupt } as unknown as RolloutDeps;
    await readFailureLogs(groups, [{ name: 'web', logConfiguration: log }], deps);
    expect(most).toBe(3);
  });
});

describe('strategies, hooks and early success', () => {
  const pause = (stage: string) => [{ targetType: 'PAUSE', lifecycleStages: [stage] }];

  test('a pause hook on a ROLLING deployment is told with the command that continues', async () => {
    const deploymentConfiguration = { lifecycleHooks: pause('POST_SCALE_UP') };
    const { deploy } = await rolloutWorld({ more: { deploymentConfiguration } });
    const { exitCode, stdout } = await deploy([...deployV2, '--timeout', '10m']);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('web: paused by a hook after POST_SCALE_UP');
    expect(stdout).toContain('The rollout of web:2 to web is paused');
    expect(stdout).toContain(
      'Continue with: migrate-deploy continue-deployment --region eu-west-1 --cluster prod --service web',
    );
  });

  test.each([
    ['LINEAR', { linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 } }],
    ['CANARY', { canaryConfiguration: { canaryPercent: 10, canaryBakeTimeInMinutes: 1 } }],
  ])('%s pauses at every step with a new hook, and each one is told', async (strategy, more) => {
    const deploymentConfiguration = { strategy, ...more, lifecycleHooks: pause('PRE_PRODUCTION_TRAFFIC_SHIFT') };
    const { model, ecs, deploy } = await rolloutWorld({ more: { deploymentConfiguration } });
    const answer = (): void => {
      const own = model.services.find('prod', 'web')?.serviceDeployments[0];
      const hook = own?.hooks.find(({ status }) => status === 'AWAITING_ACTION');
      if (hook !== undefined) {
        const { arn: serviceDeploymentArn } = own ?? {};
        void ecs('ContinueServiceDeployment', { serviceDeploymentArn, hookId: hook.hookId, action: 'CONTINUE' });
      }
      later(model, 60_000, answer);
    };
    later(model, 120_000, answer);
    const { exitCode, stdout } = await deploy(deployV2);
    expect(exitCode).toBe(0);
    const told = stdout.match(/paused by a hook after \S+ until \S+/g) ?? [];
    expect(told.length).toBeGreaterThanOrEqual(2);
    expect(new Set(told).size).toBe(told.length);
  });

  test.each([
    ['LINEAR', {}, '54m 00s (LINEAR: 10 steps with 6m 00s between them)'],
    ['CANARY', { bakeTimeInMinutes: 30 }, '40m 00s (CANARY: 10m 00s of canary bake time and 30m 00s of bake time)'],
    ['BLUE_GREEN', { bakeTimeInMinutes: 45 }, '45m 00s (BLUE_GREEN: 45m 00s of bake time)'],
  ])('%s that takes longer than --timeout by its own settings: said before it starts', async (strategy, more, text) => {
    const { deploy } = await rolloutWorld({ more: { deploymentConfiguration: { strategy, ...more } } });
    const { exitCode, stdout } = await deploy(deployV2);
    expect(stdout).toContain(`A deployment of web takes at least ${text}, but --timeout is 30m 00s`);
    expect(stdout.indexOf('takes at least')).toBeLessThan(stdout.indexOf('began'));
    expect(exitCode).toBe(3);
  });

  test('early success is said with the number of tasks that run', async () => {
    const earlySuccessCriteria = { enable: true, healthyPercent: 50, sourceServiceRevisionCleanup: 'DEFERRED' };
    const deploymentConfiguration = { earlySuccessCriteria, minimumHealthyPercent: 50, maximumPercent: 150 };
    const loadBalancers = [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }];
    const { deploy } = await rolloutWorld({ more: { desiredCount: 6, deploymentConfiguration, loadBalancers } });
    const { exitCode, stdout } = await deploy(deployV2);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /Note: Successful early: [1-5] of 6 tasks are running; Amazon ECS starts the others behind it\./,
    );
  });

  test('desiredCount 0 is not-verified in the document too', async () => {
    const { deploy } = await rolloutWorld({ more: { desiredCount: 0 } });
    const { exitCode, stdout } = await deploy([...deployV2, '--output', 'json']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout).services[0]).toMatchObject({
      verdict: 'not-verified',
      explanation: { code: 'NO_TASKS' },
    });
  });

  test('one duration: the lines of a green rollout name the same one', async () => {
    const { deploy } = await rolloutWorld({ more: breaker });
    const { stdout } = await deploy(deployV2);
    const [, told] = /web serves web:2 after (\S+ \S+)\./.exec(stdout) ?? [];
    expect(told).toBeDefined();
    expect(stdout.match(/(?:deployed|web:2|judged) after ([^.]+)/g)).toHaveLength(1);
  });
});

test('deployed while reasons were looked for after time ran out: what serves is not rolled back', async () => {
  const { model, deploy } = await rolloutWorld();
  model.faults.script({ kind: 'throttle', operation: 'ListTasks', times: 9_999 });
  const { exitCode, stdout } = await deploy([...deployV2, '--timeout', '70s', '--on-failure', 'rollback']);
  expect(exitCode).toBe(3);
  expect(stdout).toContain('It was deployed after time had run out, so it was not rolled back.');
  expect(stdout).toContain('Serves now: web:2');
  expect(model.truth.rollouts('web')[0]?.end).toBe('deployed');
});

test('replaced by somebody while reasons were looked for: their deployment is not undone', async () => {
  const world = await rolloutWorld();
  world.model.faults.script({ kind: 'throttle', operation: 'ListTasks', times: 9_999 });
  world.model.behaviours.script({ image: world.digests.v2 ?? '' }, { pendingMs: 3_600_000 });
  later(
    world.model,
    40_000,
    () => void world.model.operators.updateService('prod', 'web', { taskDefinition: 'web:1' }),
  );
  const { exitCode, stdout } = await world.deploy([...deployV2, '--timeout', '30s', '--on-failure', 'rollback']);
  expect(exitCode).toBe(3);
  expect(stdout).toContain('Another deployment has taken its place meanwhile, so nothing was rolled back.');
  expect(requestsOf(world.model, 'StopServiceDeployment')).toEqual([]);
  // Ours, and theirs.
  expect(requestsOf(world.model, 'UpdateService')).toHaveLength(1);
});
