import { expect, it } from 'vitest';
import { applyCuts, cutsOf } from '../../scripts/bundle/cuts.ts';

const cut = (source: string, ...names: string[]): string => applyCuts(source, cutsOf('a.js', source, names));

it.each([
  ['a method goes', 'class A { a() {} b() {} }', 'class A {  b() {} }'],
  ['a field of a class goes', 'class A { static a = 1; b; }', 'class A {  b; }'],
  ['a member of an object goes with its comma', 'x = { a: 1, b, }; ', 'x = {  b, }; '],
  ['one that is written short too', 'x = { b, a };', 'x = { b,  };'],
  ['a function becomes undefined', 'export function a() { return b(); }', 'export const a = undefined;'],
  ['an arrow function too', 'export const a = () => 1, b = a;', 'export const a = undefined, b = a;'],
  ['what calls it stays, and fails there', 'const a = () => 1; b(a());', 'const a = undefined; b(a());'],
  ['another thing of that name stays', 'const { a } = b; let c = b.a;', undefined],
])('%s', (_rule, source, without) => {
  if (without === undefined) expect(() => cut(source, 'a')).toThrow('declares no a any more');
  else expect(cut(source, 'a')).toBe(without);
});

it('a member that the class would then inherit from one of JavaScript’s own is not cut', () => {
  expect(() => cut('class A extends Uint8Array { includes() {} }', 'includes')).toThrow(
    'answers by the one that it inherits',
  );
  expect(cut('class A extends Uint8Array { trim() {} }', 'trim')).toBe('class A extends Uint8Array {  }');
});

it('names all that a file does not declare any more', () => {
  expect(() => cut('class A { a() {} }', 'a', 'b', 'c')).toThrow('a.js declares no b, c any more');
});
