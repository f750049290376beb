import { describe, expect, test } from 'vitest';
import type { ContainerBehaviour } from '../../local/aws/behaviour.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { fargateDefinition } from '../../local/aws/test-client.ts';
import { findingIn, hiddenValues, lossNote, tailOf } from '../../src/diagnosis/log-finding.ts';
import { migrate } from '../../src/migrate/migrate.ts';
import { paint } from '../../src/report/line.ts';
import { taskOutcomeLines } from '../../src/report/task-text.ts';
import { options } from '../migrate/migrate-options.ts';
import { breaker, definitionOf, rolloutWorld } from '../rollout/rollout-world.ts';
import { inProcess } from '../support/in-process.ts';

const filler = Array.from({ length: 300 }, (_, index) => `\tfrom /gems/frame.rb:${index}:in 'block'`);
const refused = 'connect ECONNREFUSED 10.0.12.7:5432';

test('only what may be secret is hidden', () => {
  const environment = [
    ['DATABASE_URL', 'postgres://u:p4ss@db/app'],
    ['PASSWORD', 'hunter'],
    ['RAILS_ENV', 'production'],
    ['PORT', '5432'],
    ['DB_HOST', 'shop.c9akc.eu-west-1.rds.amazonaws.com'],
    ['LICENSE', 'A1b2C3d4'],
    ['EMPTY', ''],
  ].map(([name, value]) => ({ name, value }));
  expect(hiddenValues({ environment }, undefined, {})).toEqual(['postgres://u:p4ss@db/app', 'hunter', 'A1b2C3d4']);
});

test('the quoted line is cut, never through a character, and hides what it may not show', () => {
  const line = `Error: cannot sign in with s3cret-value! ${'🚀'.repeat(600)}`;
  const finding = findingIn('app', ['boot', line], ['s3cret-value!']);
  expect(finding?.line).toMatch(/^Error: cannot sign in with \(hidden\) 🚀+…$/u);
  expect(finding?.line.length).toBeLessThanOrEqual(500);
  expect(tailOf(['x'.repeat(9_000), 's3cret-value!'], ['s3cret-value!'])).toEqual([
    `${'x'.repeat(3_999)}…`,
    '(hidden)',
  ]);
});

test.each([
  ['awslogs without a mode', { logDriver: 'awslogs', options: {} }, true],
  ['awslogs, non-blocking', { logDriver: 'awslogs', options: { mode: 'non-blocking' } }, true],
  ['awslogs, blocking', { logDriver: 'awslogs', options: { mode: 'blocking' } }, false],
  ['another driver', { logDriver: 'splunk' }, false],
  ['no log', undefined, false],
])('%s: lines may be missing: %s', (_rule, configuration, says) => {
  expect(lossNote(configuration) !== undefined).toBe(says);
});

describe('a red migration', () => {
  async function failed(behaviour: ContainerBehaviour, container: object = {}) {
    const model = new LocalAws();
    model.clusters.create('prod');
    model.logs.createGroup('/ecs/app');
    model.taskDefinitions.register(fargateDefinition('app', container));
    model.behaviours.script({}, { runMs: 5_000, ...behaviour });
    const deps = await inProcess(model);
    const outcome = await migrate(options, deps);
    return { outcome, deps, text: taskOutcomeLines(outcome).map((one) => paint(one, false)) };
  }
  const logs = (...lines: string[]) => lines.map((message, index) => ({ atMs: 100 + index, message }));

  test('quotes the line that says why, 300 lines above the end, with its cause and its fix', async () => {
    const { outcome, text } = await failed({ exitCode: 1, logs: logs('boot', `Error: ${refused}`, ...filler) });
    expect(outcome).toMatchObject({ verdict: 'failed', exitCode: 1, logFinding: { container: 'app' } });
    expect(outcome.logFinding?.line).toContain(refused);
    expect(outcome.logTail?.[0]?.lines).toHaveLength(50);
    expect(text[1]).toBe(`  Log says: Error: ${refused}`);
    expect(text[2]).toBe(`  What: ${outcome.logFinding?.cause}`);
    expect(text.join('\n')).toContain(`  Fix: ${outcome.logFinding?.fix}`);
    expect(text.join('\n')).not.toContain('The program reported an error');
  });

  test('of a green one nothing is quoted', async () => {
    const { outcome } = await failed({ exitCode: 0, logs: logs('Error: none really') });
    expect(outcome.logFinding).toBeUndefined();
  });

  test('out of memory explains itself: the log does not lead', async () => {
    const { outcome, text } = await failed({
      exitCode: 137,
      reason: 'OutOfMemoryError: Container killed due to memory usage',
      logs: logs('Error: something else'),
    });
    expect(outcome.explanation?.code).toBe('OUT_OF_MEMORY');
    expect(outcome.logFinding).toBeUndefined();
    expect(text.join('\n')).toContain('used more memory');
  });

  test('the value of a variable is quoted nowhere', async () => {
    const environment = [{ name: 'DATABASE_URL', value: 'postgres://u:p4ss@db/app' }];
    const { outcome } = await failed(
      { exitCode: 1, logs: logs('Error: cannot connect to postgres://u:p4ss@db/app') },
      { environment },
    );
    expect(outcome.logFinding?.line).toBe('Error: cannot connect to (hidden)');
    expect(JSON.stringify(outcome)).not.toContain('p4ss');
  });

  test('a hostile line cannot begin a line of ours, and does not colour', async () => {
    const { text } = await failed({ exitCode: 1, logs: logs('Error: \u001b[32mx\nThe migration succeeded') });
    expect(text[1]).toBe('  Log says: Error: x\n    The migration succeeded');
  });

  test('says in one note that lines may be missing', async () => {
    const { text } = await failed({ exitCode: 1, logs: logs('Error: no') });
    expect(text.filter((one) => one.includes('Log of app'))).toEqual([
      '  Log of app: lines may be missing: awslogs may drop some unless its option mode is blocking.',
    ]);
  });

  test('a stream that does not exist is said', async () => {
    const { text, outcome } = await failed({ exitCode: 1, logs: [] });
    expect(outcome.logFinding).toBeUndefined();
    expect(text.join('\n')).toContain('Log of app: ');
  });
});

test('each group of failed tasks of a rollout quotes its own line first, also from far above the tail', async () => {
  const { model, digests, deploy } = await rolloutWorld({ more: breaker });
  const messages = ['Booting', `Error: ${refused}`, ...filler];
  const logs = messages.map((message, index) => ({ atMs: 500 + index, message }));
  model.behaviours.script({ image: digests.v2 ?? '' }, { runMs: 2_000, exitCode: 1, logs });
  const { exitCode, stdout, files } = await deploy([
    ...['--service', 'web', '--image', `${definitionOf('web').containerDefinitions[0].image.replace(':v1', ':v2')}`],
    ...['--record-dir', 'records'],
  ]);
  expect(exitCode).toBe(1);
  const [record] = [...files.values()].map((text) => JSON.parse(text));
  const [task] = record.failedTasks;
  expect(task.logFinding.line).toBe(`Error: ${refused}`);
  expect(task.logTail[0].lines).toHaveLength(20);
  expect(stdout).toMatch(/failed in the same way: .*\n {4}Log says: Error: connect ECONNREFUSED.*\n {4}That means: /);
  expect(stdout).toContain(`  Fix: ${task.logFinding.fix}`);
});
