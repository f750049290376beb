import { expect, it } from 'vitest';
import { commands } from '../../src/commands/index.ts';
import { parseCommandLine } from '../../src/options/yargs.ts';

const build = ['build-and-push-image', '--repository', 'hoge'];

it.each([
  [
    'the article’s value with a space',
    ['--extra-build-args', '--target apps'],
    { 'extra-build-args': '--target apps' },
  ],
  ['one word for another program', ['--extra-build-args', '--no-cache'], { 'extra-build-args': '--no-cache' }],
  ['with an equals sign', ['--extra-build-args=--no-cache --pull'], { 'extra-build-args': '--no-cache --pull' }],
  ['options that follow stay options', ['--target', 'apps', '--no-push'], { target: 'apps', push: false }],
])('%s', async (_rule, words, expected) => {
  const parsed = await parseCommandLine([...build, ...words], commands, { version: '0' });
  expect(parsed).toMatchObject({ end: false, arguments: { repository: 'hoge', ...expected } });
});
