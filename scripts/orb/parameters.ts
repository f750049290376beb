import { environmentName, type NamedOption, namesOf, noInteger } from '../../src/options/option.ts';
import { absence } from '../../src/options/parse.ts';
import { defaults, notInTheOrb, renamed } from './overlay.ts';

/** A parameter of an orb's command or job, as its YAML says it. */
export interface Declaration {
  type: 'string' | 'boolean' | 'integer' | 'enum';
  enum?: readonly string[];
  default?: string | boolean | number;
  description: string;
}

/** A parameter and the variable that hands it to the program. */
export interface Parameter {
  name: string;
  variable: string;
  declaration: Declaration;
}

const snake = (name: string): string => name.replaceAll('-', '_');

/** An option's name in the orb. */
const parameterName = (option: string): string => renamed[option] ?? snake(option);

/** The parameters of a command: one for each option that the orb offers, and one for each older name. */
export function parametersOf(options: readonly NamedOption[]): Parameter[] {
  return options
    .filter(({ name }) => notInTheOrb[name] === undefined)
    .flatMap((named) => [
      { name: parameterName(named.name), variable: environmentName(named.name), declaration: declare(named, options) },
      ...olderName(named),
    ]);
}

function olderName(named: NamedOption): Parameter[] {
  const name = parameterName(named.name);
  return namesOf(named)
    .slice(1)
    .filter((alias) => snake(alias) !== name)
    .map((alias) => ({
      name: snake(alias),
      variable: environmentName(alias),
      declaration: { type: 'string', default: '', description: `Another name of ${name}.` },
    }));
}

function declare(named: NamedOption, all: readonly NamedOption[]): Declaration {
  const { name, option } = named;
  const description = describe(named, all);
  const none = noInteger(option);
  switch (option.kind) {
    case 'flag':
      return { type: 'boolean', default: option.default === 'true', description };
    case 'integer':
      return { type: 'integer', default: none ?? Number(option.default), description };
    case 'choice': {
      if (option.required) return { type: 'enum', enum: option.choices ?? [], description };
      const empty = option.default === undefined ? [''] : [];
      return { type: 'enum', enum: [...empty, ...(option.choices ?? [])], default: option.default ?? '', description };
    }
    default: {
      const isRequired = option.required && (option.variables ?? []).length === 0 && olderName(named).length === 0;
      if (isRequired) return { type: 'string', description };
      return { type: 'string', default: defaults[name] ?? option.default ?? '', description };
    }
  }
}

/** The option's own sentence in the words of the orb, and what its text or its absence means. */
function describe({ option, name }: NamedOption, all: readonly NamedOption[]): string {
  const known = new Set(all.flatMap(namesOf));
  const inOrb = (text: string): string =>
    text.replaceAll(/--(no-)?([a-z][a-z-]*[a-z])/g, (whole, no: string | undefined, other: string) => {
      if (!known.has(other)) return whole;
      return no === undefined ? parameterName(other) : `${parameterName(other)}: false`;
    });
  const { kind } = option;
  const many = { list: 'one a line', names: 'one a line, or with commas between them' };
  const written = [formOf(option), kind === 'list' || kind === 'names' ? many[kind] : undefined]
    .filter(Boolean)
    .join(', ');
  const hasDefault = defaults[name] !== undefined || (option.default ?? '') !== '';
  const fallback = hasDefault ? undefined : absence(option);
  const none = noInteger(option);
  const empty =
    fallback === undefined
      ? none === undefined
        ? ''
        : ` ${none} means not given.`
      : ` When ${none ?? 'empty'}: ${inOrb(fallback)}.`;
  const sentence = written === '' ? '' : ` ${written.charAt(0).toUpperCase()}${written.slice(1)}.`;
  return inOrb(option.describe) + sentence + empty;
}

/** How its text is written, where that is more than one word: --help has its placeholder, the orb's page has none. */
function formOf({ placeholder = '' }: NamedOption['option']): string | undefined {
  return /[=|:/]/.test(placeholder) ? `as ${placeholder.replaceAll('|', ' or ')}` : undefined;
}
