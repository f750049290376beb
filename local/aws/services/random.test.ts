import type { DeploymentConfiguration } from '@aws-sdk/client-ecs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latest, serviceWorld, shown } from './test-world.ts';

type Step =
  | { do: 'update'; image: 'good' | 'bad' | 'broken' }
  | { do: 'force' | 'roll back' | 'stop a task' }
  | { do: 'scale'; desiredCount: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('update' as const), image: fc.constantFrom('good', 'bad', 'broken') }),
  fc.record({ do: fc.constantFrom('force', 'roll back', 'stop a task') }),
  fc.record({ do: fc.constant('scale' as const), desiredCount: fc.integer({ min: 0, max: 4 }) }),
);
const schedule = fc.record({
  steps: fc.array(fc.tuple(step, fc.integer({ min: 0, max: 240_000 })), { minLength: 1, maxLength: 8 }),
  desiredCount: fc.integer({ min: 0, max: 4 }),
  breaker: fc.boolean(),
  loadBalancer: fc.boolean(),
  strategy: fc.constantFrom('ROLLING' as const, 'BLUE_GREEN' as const, 'LINEAR' as const),
  breakerDelayMs: fc.constantFrom(0, 44_000, 300_000),
  failedStateDelayMs: fc.constantFrom(0, 106_000),
});

// What no schedule may bring about, whatever people and pipelines do at the same time.
test('one PRIMARY, one id for each deployment, and every service deployment comes to an end that the truth agrees with', async () => {
  await fc.assert(
    fc.asyncProperty(schedule, async ({ steps, desiredCount, breaker, loadBalancer, strategy, ...knobs }) => {
      const configuration: DeploymentConfiguration = {
        strategy,
        bakeTimeInMinutes: 1,
        linearConfiguration: { stepPercent: 50, stepBakeTimeInMinutes: 1 },
      };
      const world = await serviceWorld({ desiredCount, breaker, loadBalancer, configuration });
      const { model } = world;
      const { operators, truth } = model;
      Object.assign(model.services.settings, knobs);
      model.behaviours.script({ image: 'bad' }, { runMs: 2_000, exitCode: 1 });
      model.behaviours.script({ image: 'broken' }, { start: { reason: 'CannotPullContainerError: gone' } });
      const act = async (one: Step) => {
        if (one.do === 'update') {
          const taskDefinition = await world.register(`${one.image}:1`);
          await operators.updateService('default', 'web', { taskDefinition });
        } else if (one.do === 'force') await operators.updateService('default', 'web', { forceNewDeployment: true });
        else if (one.do === 'scale') await operators.scale('default', 'web', one.desiredCount);
        else if (one.do === 'roll back') await operators.rollBack('default', 'web');
        else for (const arn of truth.serving('web').taskArns.slice(0, 1)) await operators.stopTask(arn);
      };
      for (const [one, waitMs] of steps) {
        await act(one);
        model.clock.advance(waitMs);
        const { deployments = [] } = await shown(world);
        expect(deployments.filter(({ status }) => status === 'PRIMARY')).toHaveLength(1);
        expect(new Set(deployments.map(({ id }) => id)).size).toBe(deployments.length);
      }
      // Without a breaker a revision that cannot run is tried for ever: it may be left alone.
      await act({ do: 'scale', desiredCount: 2 });
      model.clock.advance(3 * 3_600_000);
      const [newest] = truth.rollouts('web');
      const { deployments = [], taskDefinition } = await shown(world);
      const [primary] = deployments;
      const definition = model.taskDefinitions.get(newest?.taskDefinitionArn ?? '');
      const isGood = !/bad|broken/.test(definition?.raw.containerDefinitions[0].image);
      if (newest?.end === 'in progress') expect({ isGood, breaker }).toEqual({ isGood: false, breaker: false });
      if (newest?.end === 'deployed' && isGood)
        expect(truth.serving('web').taskDefinitionArns).toEqual([newest.taskDefinitionArn]);
      if (newest?.end === 'rolled back') expect(primary?.id).not.toBe(newest.id);
      if (newest?.end !== 'in progress' && newest?.end !== 'failed') expect(deployments).toHaveLength(1);
      expect(primary?.taskDefinition).toBe(taskDefinition);
      expect(
        truth
          .rollouts('web')
          .slice(1)
          .map(({ end }) => end),
      ).not.toContain('in progress');
      expect((await latest(world))?.status).not.toMatch(/REQUESTED$/);
    }),
    { numRuns: 30, seed: 20261124 },
  );
}, 120_000);
