import { expect, test } from 'vitest';
import { commandOf, expand, pairsOf, parseDockerfile } from './dockerfile.ts';

test('stages, their names and their instructions are told apart', () => {
  const { globals, stages } = parseDockerfile(`
    # a comment
    ARG BASE=node:22
    FROM $BASE AS Build
    RUN one \\
      # a comment between
      && two
    FROM scratch
    COPY --from=build --chown=1:1 /a /b
  `);
  expect(globals.map(({ value }) => value)).toEqual(['BASE=node:22']);
  expect(stages.map(({ name, base }) => [name, base])).toEqual([
    ['build', '$BASE'],
    [undefined, 'scratch'],
  ]);
  expect(stages[0]?.instructions).toMatchObject([{ name: 'RUN', value: 'one && two' }]);
  expect(stages[1]?.instructions).toMatchObject([{ flags: { from: 'build', chown: '1:1' }, value: '/a /b' }]);
});

test('an instruction that cannot be carried out is an error, not skipped', () => {
  expect(() => parseDockerfile('FROM scratch\nONBUILD RUN x')).toThrow(
    'the stand-in docker does not know the instruction ONBUILD (Dockerfile line 2)',
  );
});

test.each([
  ['$A/${B}', '1/2'],
  ['${C:-none}', 'none'],
  ['${A:-none}', '1'],
  ['${A:+some}${C:+some}', 'some'],
  ['\\$A', '$A'],
])('variables: %s is %s', (text, expected) => {
  expect(expand(text, (name) => ({ A: '1', B: '2' })[name])).toBe(expected);
});

test.each([
  ['A=1 B="two words" C=three\\ words', { A: '1', B: 'two words', C: 'three words' }],
  ['A the old form', { A: 'the old form' }],
  ["A='$x'", { A: '$x' }],
])('pairs: %s', (value, expected) => {
  expect(Object.fromEntries(pairsOf(value))).toEqual(expected);
});

test('the exec form is taken word by word, the shell form goes to a shell', () => {
  expect(commandOf('["node", "a b"]')).toEqual(['node', 'a b']);
  expect(commandOf('node a b')).toEqual(['/bin/sh', '-c', 'node a b']);
});
