import { expect, test } from 'vitest';
import { runBundle } from '../../scripts/run-bundle.ts';

test.each([
  ['a pipe', { NO_COLOR: '' }, false],
  ['CircleCI', { NO_COLOR: '', CIRCLECI: 'true' }, true],
  ['FORCE_COLOR', { NO_COLOR: '', FORCE_COLOR: '1' }, true],
  ['NO_COLOR wins over FORCE_COLOR', { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
])('colour: %s', async (_rule, env, coloured) => {
  const { stderr } = await runBundle(['run-migration-task'], { env });
  expect(stderr).toContain('Error: ');
  expect(stderr.includes('\u001b[31mError: ')).toBe(coloured);
  expect(stderr.includes('\u001b')).toBe(coloured);
});
