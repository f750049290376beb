import { describe, expect, test } from 'vitest';
import { migrationsOf, mustHaveSucceeded } from '../../src/records/fitting.ts';
import type { MigrationOutcome } from '../../src/records/schema.ts';
import { waitForTasks } from '../../src/task/wait.ts';
import { options } from './migrate-options.ts';
import { migrationModel } from './migration-model.ts';

const here = { account: '123456789012', region: 'eu-west-1', cluster: 'prod' };
const shortly = { ...options.waiting, timeoutMs: 60_000 };

/** A migration that was left, and then what wait-for-task and the next stage make of its records. */
async function left(how: Partial<typeof options>, exitCode = 0) {
  const { model, deps, run } = await migrationModel({ CIRCLE_WORKFLOW_WORKSPACE_ID: 'w', CIRCLE_SHA1: 'abc' });
  model.behaviours.script({}, { runMs: 120_000, exitCode });
  const first = await run(how);
  const stands = async (): Promise<MigrationOutcome | undefined> => {
    const [migration, ...others] = migrationsOf(await deps.records.all(), here);
    expect(others).toEqual([]);
    return migration as MigrationOutcome | undefined;
  };
  const wait = () =>
    waitForTasks(
      { cluster: 'prod', tasks: [first.taskArn ?? ''], container: undefined, waiting: options.waiting },
      deps,
    );
  return { first, stands, wait };
}

describe.each([
  ['--no-wait', { wait: false }, 'started'],
  ['a time-out', { waiting: shortly }, 'timed-out'],
] as const)('after %s', (_how, how, verdict) => {
  test('the next stage does not go on, and is told how to wait', async () => {
    const { first, stands } = await left(how);
    expect(first.verdict).toBe(verdict);
    const before = await stands();
    expect(before).toMatchObject({ verdict, resume: expect.stringContaining('wait-for-task') });
    expect(() => before && mustHaveSucceeded(before)).toThrow(
      `The record of the migration of app in cluster prod says`,
    );
  });

  test('and a wait that succeeded, it goes on with the revision that migrated', async () => {
    const { first, stands, wait } = await left(how);
    expect(await wait()).toMatchObject([{ verdict: 'succeeded', exitCode: 0 }]);
    const after = await stands();
    expect(after).toMatchObject({ verdict: 'succeeded', taskDefinition: first.taskDefinition, family: 'app' });
    expect(() => after && mustHaveSucceeded(after)).not.toThrow();
  });

  test('and a wait that failed, it does not', async () => {
    const { stands, wait } = await left(how, 1);
    expect(await wait()).toMatchObject([{ verdict: 'failed', exitCode: 1 }]);
    expect(await stands()).toMatchObject({ verdict: 'failed', exitCode: 1 });
  });
});
