import { describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { openRecords } from '../../src/records/records.ts';
import { schemaVersion } from '../../src/records/schema.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { runCommand } from '../support/run-command.ts';

/** Programs on the PATH by name, with their exit codes; whatever is called is noted. */
function programs(codes: Readonly<Record<string, number>>) {
  const calls: string[][] = [];
  const run = async (command: string, args: readonly string[]) => {
    const code = codes[command];
    if (code === undefined) throw new UserError('There is none.', { code: 'ENOENT' });
    calls.push([command, ...args]);
    return { code, tail: 'flag provided but not defined\n', stdout: '' };
  };
  return { calls, processes: { run } };
}

async function deployed() {
  const files = memoryFiles();
  await openRecords('r', files, {}).save({
    ...{ schemaVersion, stage: 'update-service-and-verify', verdict: 'deployed', cluster: 'prod', service: 'web' },
    startedAt: '2026-01-05T09:00:00.000Z',
  });
  return files;
}
const marker = ['deploy-marker', '--deploy-name', 'd', '--service', 'web', '--record-dir', 'r', '--state', 'state'];

describe('deploy-marker', () => {
  test('goes through circleci-agent where both names are there, and through circleci where it alone is', async () => {
    for (const [codes, program] of [
      [{ 'circleci-agent': 0, circleci: 0 }, 'circleci-agent'],
      [{ circleci: 0 }, 'circleci'],
    ] as const) {
      const { calls, processes } = programs(codes);
      await runCommand([...marker, '--action', 'plan', '--target-version', 'v2'], { processes });
      const named = ['--environment-name=default', '--component-name=web', '--target-version=v2'];
      expect(calls).toEqual([[program, 'run', 'release', 'plan', 'd', ...named]]);
    }
  });

  test('--rollback is said of a plan, and is refused elsewhere', async () => {
    const { calls, processes } = programs({ circleci: 0 });
    await runCommand([...marker, '--action', 'plan', '--rollback'], { processes });
    expect(calls[0]?.at(-1)).toBe('--rollback');
    const { exitCode, stderr } = await runCommand([...marker, '--action', 'update', '--rollback'], { processes });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--rollback is for --action plan, not update');
    expect(calls).toHaveLength(1);
  });

  test('ends once: a second end, as after a rerun of the step, is not sent', async () => {
    const files = await deployed();
    const { calls, processes } = programs({ circleci: 0 });
    for (const action of ['plan', 'update', 'update'])
      await runCommand([...marker, '--action', action], { processes, files });
    expect(calls.map(([, , , verb, , flag]) => [verb, verb === 'update' ? flag : ''])).toEqual([
      ['plan', ''],
      ['update', '--status=SUCCESS'],
    ]);
  });

  test('what was never planned is not updated', async () => {
    const { calls, processes } = programs({ circleci: 0 });
    const { stdout, exitCode } = await runCommand([...marker, '--action', 'update'], {
      processes,
      files: await deployed(),
    });
    expect([exitCode, calls]).toEqual([0, []]);
    expect(stdout).toContain('No deploy marker: none was planned in this job.');
  });

  test.each([
    [{}, 'neither circleci-agent nor circleci is in this job'],
    [{ circleci: 1 }, 'circleci run release plan ended with 1: flag provided but not defined'],
  ])('of a command line %j is a note, not a failure', async (codes, why) => {
    const { stdout, exitCode } = await runCommand([...marker, '--action', 'plan'], programs(codes));
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Note: CircleCI’s deploy marker was not told: ${why}.`);
  });

  test('its version is the tag that was built, for a rollback to find it', async () => {
    const files = memoryFiles();
    await openRecords('r', files, {}).save({
      ...{
        schemaVersion,
        stage: 'build-and-push-image',
        verdict: 'succeeded',
        repository: 'r',
        tags: ['v7', 'latest'],
      },
      startedAt: '2026-01-05T09:00:00.000Z',
    });
    const { calls, processes } = programs({ circleci: 0 });
    await runCommand([...marker, '--action', 'plan'], { processes, files });
    expect(calls[0]).toContain('--target-version=v7');
  });
});
