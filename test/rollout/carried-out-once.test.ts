import { describe, expect, test } from 'vitest';
import {
  aboutServiceDeployments,
  definitionOf,
  deny,
  later,
  registry,
  requestsOf,
  rolloutWorld,
} from './rollout-world.ts';

const deployV2 = ['--service', 'web', '--image', `${registry}/web:v2`];
/** Of another revision, so that its deployment is not ours. */
const replacement = { taskDefinition: 'web:2' };
const force = ['--service', 'web', '--force-new-deployment'];

describe('an update that was carried out is not sent again', () => {
  test('answered, and later reads fail: one UpdateService, followed to its end', async () => {
    const { model, deploy } = await rolloutWorld();
    model.services.settings.staleAnswer = true;
    model.services.settings.staleReadMs = 3_000;
    model.faults.script({ kind: 'empty-500', operation: 'DescribeServices', skip: 1, times: 12 });
    const { exitCode } = await deploy(force);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('unanswered, and no read is answered either: not sent again, and what may have begun is named', async () => {
    const { model, deploy } = await rolloutWorld();
    model.faults.script({ kind: 'reset-after', operation: 'UpdateService' });
    model.faults.script({ kind: 'empty-500', operation: 'DescribeServices', skip: 1, times: 9_999 });
    const { exitCode, stdout } = await deploy(force);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('It may have been carried out all the same.');
    expect(stdout).toContain('Look again with: migrate-deploy status --region eu-west-1 --cluster prod --service web');
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('unanswered, and a deployment of somebody else is new: ours may have been replaced, so it is not sent again', async () => {
    const { model, deploy, ecs } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('web', { image: `${registry}/web:v3` }));
    model.faults.script({ kind: 'reset-after', operation: 'UpdateService' });
    const { exitCode, stdout } = await deploy(force, {
      onLine: (line) => {
        if (line.includes('no answer to UpdateService')) void model.operators.updateService('prod', 'web', replacement);
      },
    });
    expect(exitCode).toBe(3);
    expect(stdout).toContain('It may have been carried out all the same.');
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('unanswered until time is over: not sent again after it', async () => {
    const { model, deploy } = await rolloutWorld();
    const startMs = model.clock.now();
    model.faults.script({ kind: 'reset-before', operation: 'UpdateService', times: 9 });
    const { exitCode } = await deploy([...force, '--timeout', '60s']);
    expect(exitCode).toBe(3);
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
    expect(model.clock.now() - startMs).toBeLessThan(70_000);
  });

  test('the time that an update was looked for is not added to the time-out', async () => {
    const { model, deploy } = await rolloutWorld();
    model.behaviours.script({ image: 'web:v1', kind: 'service' }, { pendingMs: 3_600_000 });
    const startMs = model.clock.now();
    model.faults.script({ kind: 'empty-500', operation: 'UpdateService' });
    expect((await deploy([...force, '--timeout', '2m'])).exitCode).toBe(3);
    expect(model.clock.now() - startMs).toBeLessThan(140_000);
  });

  test('unanswered, carried out and in sight: followed, never exit 2', async () => {
    const { model, deploy } = await rolloutWorld();
    model.faults.script({ kind: 'broken-json-200', operation: 'UpdateService' });
    model.services.settings.staleReadMs = 20_000;
    const { exitCode, stdout } = await deploy(force);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/deployment ecs-svc\/\d+ of web:1 began/);
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('a session that ends behind a lost answer does not hide that the update may have been carried out', async () => {
    const { model, deploy } = await rolloutWorld();
    model.faults.script({ kind: 'reset-after', operation: 'UpdateService' });
    model.faults.script({ kind: 'expired-token', operation: 'DescribeServices', skip: 1, times: 9_999 });
    const { exitCode, stdout } = await deploy(deployV2);
    expect(exitCode).toBe(3);
    expect(stdout).toContain('It may have been carried out all the same.');
  });

  test('an interrupt behind a lost answer: the code of the signal, and what may have begun is named', async () => {
    const { model, deploy } = await rolloutWorld();
    model.faults.script({ kind: 'reset-before', operation: 'UpdateService', times: 9_999 });
    const { exitCode, stdout } = await deploy(deployV2, {
      onLine: (line, interrupt) => {
        if (line.includes('no answer to UpdateService')) interrupt('SIGTERM');
      },
    });
    expect(exitCode).toBe(143);
    expect(stdout).toContain('The rollout of web:2 to web may have begun');
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('a number of tasks whose update got no answer is looked for too', async () => {
    const { model, deploy } = await rolloutWorld();
    model.faults.script({ kind: 'reset-after', operation: 'UpdateService' });
    const { exitCode } = await deploy(['--service', 'web', '--desired-count', '4']);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });
});

describe('our service deployment is linked by the digits of its revision', () => {
  test('a service that was not deployed for four months can be looked at: the time filter stays within three', async () => {
    const { model, deploy } = await rolloutWorld();
    model.clock.advance(120 * 86_400_000);
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'web:1']);
    expect(stdout).toContain('web serves web:1 already: nothing was changed.');
    expect(exitCode).toBe(0);
    const filters = requestsOf(model, 'ListServiceDeployments').flatMap(({ createdAt }) => createdAt?.after ?? []);
    for (const after of filters) expect(model.clock.now() - after * 1_000).toBeLessThan(90 * 86_400_000);
  });

  test('another service deployment of the same revision, created at the same time, is not taken for ours', async () => {
    const { model, deploy } = await rolloutWorld();
    let ours = '';
    const { exitCode, stdout } = await deploy(force, {
      onLine: (line) => {
        if (!line.includes('of web:1 began')) return;
        const all = model.services.find('prod', 'web')?.serviceDeployments ?? [];
        const [own] = all;
        if (own === undefined) return;
        ours = own.arn;
        const target = { ...own.target, arn: own.target.arn.replace(/\d+$/, '1234567890123456789') };
        all.unshift({ ...own, arn: `${own.arn}-stranger`, target, status: 'STOPPED' });
      },
    });
    expect(exitCode).toBe(0);
    expect(stdout.split('\n')).toContain(`web: service deployment ${ours}`);
    expect(stdout).not.toContain('-stranger');
  });

  test.each(['ListServiceDeployments', 'DescribeServiceDeployments'])(
    '%s that answers 5xx throughout: the deployment id decides, green as well as red',
    async (operation) => {
      const { model, digests, deploy } = await rolloutWorld({
        more: { deploymentConfiguration: { deploymentCircuitBreaker: { enable: true, rollback: true } } },
      });
      model.faults.script({ kind: 'empty-500', operation, times: 9_999 });
      const green = await deploy(deployV2);
      expect(green.exitCode).toBe(0);
      expect(green.stdout).toContain('Following the deployment by its id instead.');
      model.behaviours.script({ image: digests.v3 ?? '' }, { runMs: 2_000, exitCode: 1 });
      const red = await deploy(['--service', 'web', '--image', `${registry}/web:v3`]);
      expect(red.exitCode).toBe(1);
      expect(red.stdout).toContain('Serves now: web:2 (the previous revision');
    },
  );
});

describe('two of our jobs meet', () => {
  test.each([[[]], [aboutServiceDeployments]])(
    'a deployment made just before ours is never said to supersede it (denied: %j)',
    async (denied) => {
      const { model, ecs, deploy } = await rolloutWorld();
      deny(model, ...denied);
      model.services.settings.staleReadMs = 4_000;
      const { exitCode, stdout } = await deploy(deployV2, {
        onLine: (line) => {
          if (!line.startsWith('Registered')) return;
          void ecs('UpdateService', {
            cluster: 'prod',
            service: 'web',
            taskDefinition: 'web:1',
            forceNewDeployment: true,
          });
          model.clock.advance(1_500);
        },
      });
      expect(stdout).not.toContain('superseded');
      expect(exitCode).toBe(0);
    },
  );

  test('the earlier one is superseded, the later one is deployed', async () => {
    const { model, ecs, deploy } = await rolloutWorld();
    later(model, 20_000, () => {
      void ecs('UpdateService', { cluster: 'prod', service: 'web', taskDefinition: 'web:1', forceNewDeployment: true });
    });
    const { exitCode, stdout } = await deploy(deployV2);
    expect(exitCode).toBe(4);
    expect(stdout).toContain('Why: Replaced by a new service deployment.');
  });
});
