import { describe, expect, test } from 'vitest';
import { breaker, registry, requestsOf, rolloutWorld, targetGroup } from '../rollout/rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;
const changed = ['RegisterTaskDefinition', 'UpdateService', 'StopServiceDeployment'];

describe('the bundle, when the new revision serves', () => {
  test('a normal roll: registered once, updated once, proved by digest', async () => {
    const { model, digests, bundle } = await rolloutWorld({ more: breaker });
    const { exitCode, stdout, stderr } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/web serves web:2 after 1m \d\ds\./);
    expect(stdout).toContain(`web: ${registry}/web is ${digests.v2}`);
    expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(1);
    expect(requestsOf(model, 'UpdateService')).toEqual([
      { cluster: 'prod', service: 'web', taskDefinition: expect.stringMatching(/:task-definition\/web:2$/) },
    ]);
    expect(model.truth.serving('web').imageDigests).toEqual([digests.v2]);
  });

  test('force-new with the same revision', async () => {
    const { model, bundle } = await rolloutWorld();
    const before = new Set(model.truth.serving('web').taskArns);
    const { exitCode, stdout } = await bundle(['--service', 'web', '--force-new-deployment']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:1 after');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
    expect(model.truth.serving('web').taskArns.filter((arn) => before.has(arn))).toEqual([]);
  });

  test('unchanged: no revision, no deployment, and said so', async () => {
    const { model, bundle } = await rolloutWorld();
    const { exitCode, stdout } = await bundle(['--service', 'web', '--task-definition', 'web:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:1 already: nothing was changed.');
    for (const operation of changed) expect(requestsOf(model, operation)).toEqual([]);
  });

  test('stale reads for ten seconds are never green', async () => {
    const { model, bundle } = await rolloutWorld();
    model.services.settings.staleReadMs = 10_000;
    model.services.settings.serviceDeploymentDelayMs = 10_000;
    const { exitCode, stdout } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/web serves web:2 after 1m/);
  });

  test('desiredCount 0 is green and said not to be verified', async () => {
    const { bundle } = await rolloutWorld({ more: { desiredCount: 0 } });
    const { exitCode, stdout } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('NOT verified: desiredCount is 0');
    expect(stdout).not.toContain('web serves');
  });

  test('blue/green: every stage and the traffic are told', async () => {
    const { model, bundle } = await rolloutWorld({
      more: { deploymentConfiguration: { strategy: 'BLUE_GREEN', bakeTimeInMinutes: 3 } },
    });
    const { exitCode, stdout } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('stage SCALE_UP, 0 % of the traffic');
    expect(stdout).toContain('stage BAKE_TIME, 100 % of the traffic');
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  test('early success with deferred clean-up is deployed at once, and drained later where that is asked for', async () => {
    const earlySuccessCriteria = { enable: true, healthyPercent: 100, sourceServiceRevisionCleanup: 'DEFERRED' };
    const loadBalancers = [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }];
    const { model, bundle } = await rolloutWorld({
      more: { deploymentConfiguration: { earlySuccessCriteria }, loadBalancers },
    });
    const deployed = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(deployed.exitCode).toBe(0);
    expect(deployed.stdout).toMatch(/web serves web:2 after 1m 0\ds\./);
    model.clock.advance(600_000);
    const drained = await bundle(['--service', 'web', '--image', image('v3'), '--until', 'drained']);
    expect(drained.exitCode).toBe(0);
    expect(drained.stdout).toMatch(/web serves web:3 after (5|6)m/);
  });

  test('throttling throughout changes nothing but the time it takes', async () => {
    const { model, bundle } = await rolloutWorld();
    for (let skip = 0; skip < 60; skip += 2) model.faults.script({ kind: 'throttle', service: 'ecs', skip, times: 1 });
    const { exitCode } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(model.services.find('prod', 'web')?.serviceDeployments).toHaveLength(2);
  });

  test('fields that this SDK does not know are kept byte for byte, tags too', async () => {
    const unknown = { fromTheFuture: { nested: [1, 'two', { three: null, zero: 0.5 }] } };
    const { model, bundle, service } = await rolloutWorld({ service: false });
    const tags = [{ key: 'team', value: 'recipes' }];
    await service('web', {}, { aspectOfTomorrow: ['x'] }, { ...unknown, tags });
    const { exitCode } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    const [sent] = requestsOf(model, 'RegisterTaskDefinition');
    expect(JSON.stringify(sent.fromTheFuture)).toBe(JSON.stringify(unknown.fromTheFuture));
    expect(sent.containerDefinitions[0].aspectOfTomorrow).toEqual(['x']);
    expect(sent.tags).toEqual(tags);
    expect(sent).not.toHaveProperty('taskDefinitionArn');
  });

  test('without permission for service deployments it follows the deployment by its id', async () => {
    const { model, bundle } = await rolloutWorld();
    deny(model);
    const { exitCode, stdout } = await bundle(['--service', 'web', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('ecs:ListServiceDeployments');
    expect(stdout).toContain('web serves web:2');
  });

  test("the article's own words", async () => {
    const { model, digests, bundle } = await rolloutWorld();
    model.ecr.push('web', ['latest'], 'content of v2');
    const { exitCode } = await bundle([
      '--family',
      'web',
      '--container-image-name-updates',
      'container=web,tag=latest',
      '--verify-revision-is-deployed',
      '--max-poll-attempts',
      '300',
      '--poll-interval',
      '10',
    ]);
    expect(exitCode).toBe(0);
    expect(model.truth.serving('web').imageDigests).toEqual([digests.v2]);
  });
});

/** Those who may not read service deployments. */
function deny(model: Awaited<ReturnType<typeof rolloutWorld>>['model']): void {
  for (const operation of ['ListServiceDeployments', 'DescribeServiceDeployments', 'DescribeServiceRevisions']) {
    model.faults.script({
      kind: 'error',
      operation,
      times: 1_000,
      type: 'AccessDeniedException',
      message: `User: arn:aws:iam::123456789012:user/ci is not authorized to perform: ecs:${operation} on resource: * because no identity-based policy allows the ecs:${operation} action`,
    });
  }
}
