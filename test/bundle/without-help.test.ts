import { expect, it } from 'vitest';
import { cutHelp } from '../../scripts/bundle/without-help.ts';

it.each([
  ['what only help prints goes', `x({ placeholder: 'NAME', describe: 'Long.' })`, `x({   })`],
  ['also in parts', "x({ describe: 'a' + `b${c}` })", `x({  })`],
  ['examples go', `x({ examples: [['a', 'b']] })`, `x({ examples: [] })`],
  ['a required option is described in its error', `x({ required: true, describe: 'A.' })`, undefined],
  ['a default stays', `x({ default: '5s' })`, undefined],
  ['a description that is computed stays', `x({ describe: of(y) })`, undefined],
])('%s', (_rule, source, cut) => {
  expect(cutHelp('a.ts', source)).toBe(cut ?? source);
});
