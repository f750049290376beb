import { describe, expect, test } from 'vitest';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import { taskOutcomeLines } from '../../src/report/task-text.ts';
import { migrationModel } from './migration-model.ts';

const images = [{ container: undefined, reference: `acme/app@sha256:${'d'.repeat(64)}` }];
const status = (model: LocalAws, revision: string): string | undefined => model.taskDefinitions.get(revision)?.status;
const full = { reason: 'RESOURCE:MEMORY', arn: 'arn:aws:ecs:eu-west-1:123456789012:container-instance/prod/0' };

describe('a revision that we registered for a task that never started is deregistered', () => {
  test.each<[string, (model: LocalAws) => void]>([
    [
      'RunTask was refused',
      (model) => {
        const message = 'Platform version is not valid.';
        model.faults.script({ kind: 'error', type: 'ClientException', message, operation: 'RunTask' });
      },
    ],
    [
      'no task was placed',
      (model) => {
        model.settings.runTaskFailures = [[full], [full]];
      },
    ],
    [
      'the task failed to start',
      (model) => {
        const reason = 'CannotPullContainerError: pull image manifest has been retried 7 time(s): not found';
        model.behaviours.script({}, { start: { reason } });
      },
    ],
  ])('%s', async (_why, prepare) => {
    const { model, deps, run } = await migrationModel();
    prepare(model);
    const verdict = await run({ images }).then(
      (outcome) => outcome.verdict,
      () => 'refused',
    );
    expect(verdict).not.toBe('succeeded');
    expect([status(model, 'app:1'), status(model, 'app:2')]).toEqual(['ACTIVE', 'INACTIVE']);
    // Whoever runs the family alone gets the revision from before.
    expect(model.taskDefinitions.get('app')?.revision).toBe(1);
    expect(deps.events).toContainEqual({
      type: 'revision-deregistered',
      taskDefinitionArn: model.taskDefinitions.get('app:2')?.arn,
    });
  });

  test('an interrupt while no capacity is free: nothing was started, and that is said', async () => {
    const { model, deps, run } = await migrationModel();
    const capacity = 'Capacity is unavailable at this time. Please try again later or in a different availability zone';
    model.settings.runTaskFailures = Array(40).fill([{ reason: capacity }]);
    model.clock.at(model.clock.now() + 40_000, () => deps.interrupt.trigger('SIGTERM'));
    const outcome = await run({ images, retryCapacityMs: 600_000 });
    expect(outcome).toMatchObject({ verdict: 'interrupted', signal: 'SIGTERM', explanation: { code: 'INTERRUPTED' } });
    expect(taskOutcomeLines(outcome)[0]?.text).toBe('The migration was not started: interrupted by SIGTERM.');
    expect([model.tasks.tasks.size, status(model, 'app:2')]).toEqual([0, 'INACTIVE']);
  });

  test('that it could not be deregistered is said, and the verdict stands', async () => {
    const { model, deps, run } = await migrationModel();
    model.settings.runTaskFailures = [[full], [full]];
    const message = 'User: x is not authorized to perform: ecs:DeregisterTaskDefinition on resource: *';
    model.faults.script({
      kind: 'error',
      type: 'AccessDeniedException',
      message,
      operation: 'DeregisterTaskDefinition',
    });
    expect(await run({ images })).toMatchObject({ verdict: 'failed', explanation: { code: 'NO_RESOURCES' } });
    expect(deps.events).toContainEqual({
      type: 'warning',
      text: expect.stringMatching(/app:2 stays the latest.*DeregisterTaskDefinition/),
    });
  });
});

describe('it stays', () => {
  test('after a request that was not answered: its task may be about to start', async () => {
    const { model, run } = await migrationModel();
    model.faults.script({ kind: 'reset-after', operation: 'RunTask', times: 1_000 });
    const outcome = await run({ images });
    expect(outcome).toMatchObject({ verdict: 'timed-out', explanation: { code: 'START_UNANSWERED' } });
    expect(taskOutcomeLines(outcome)[0]?.text).toBe('The migration may have been started: no answer within 5m 00s.');
    expect(status(model, 'app:2')).toBe('ACTIVE');
  });

  test('after a refusal that followed an unanswered request', async () => {
    const { model, run } = await migrationModel();
    model.faults.script({ kind: 'reset-after', operation: 'RunTask', times: 3 });
    model.faults.script({ kind: 'expired-token', operation: 'RunTask' });
    await expect(run({ images })).rejects.toMatchObject({ code: 'ExpiredTokenException' });
    expect(status(model, 'app:2')).toBe('ACTIVE');
  });

  test('after neither a task nor a reason: it is not known that nothing runs', async () => {
    const { model, run } = await migrationModel();
    model.operations.ecs.RunTask = () => ({ tasks: [], failures: [] });
    expect(await run({ images })).toMatchObject({ verdict: 'failed', explanation: { code: 'NOT_PLACED' } });
    expect(status(model, 'app:2')).toBe('ACTIVE');
  });

  test('after a migration that ran, whatever its end', async () => {
    const { model, run } = await migrationModel();
    model.behaviours.script({}, { runMs: 1_000, exitCode: 1 });
    expect((await run({ images })).verdict).toBe('failed');
    expect(status(model, 'app:2')).toBe('ACTIVE');
  });

  test('when it existed before', async () => {
    const { model, count, run } = await migrationModel();
    await run({ images });
    model.settings.runTaskFailures = [[full], [full]];
    expect((await run({ images, name: 'again' })).verdict).toBe('failed');
    expect(status(model, 'app:2')).toBe('ACTIVE');
    expect([count('RegisterTaskDefinition'), count('DeregisterTaskDefinition')]).toEqual([1, 0]);
  });

  test('when it is the family’s latest and only an older one was named', async () => {
    const { model, count, run } = await migrationModel();
    await run({ images });
    model.settings.runTaskFailures = [[full], [full]];
    expect((await run({ images, taskDefinition: 'app:1', name: 'again' })).verdict).toBe('failed');
    expect(status(model, 'app:2')).toBe('ACTIVE');
    expect([count('RegisterTaskDefinition'), count('DeregisterTaskDefinition')]).toEqual([1, 0]);
  });
});
