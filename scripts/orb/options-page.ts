import { environmentName, type NamedOption, noInteger } from '../../src/options/option.ts';
import { absence } from '../../src/options/parse.ts';
import type { LoadedCommand } from './generate.ts';

/** Headings whose options many commands share; they are told once. */
const shared = ['AWS', 'General'];

/** docs/options.md: every option of every command. */
export function optionsPage(commands: readonly LoadedCommand[]): string {
  const everywhere = unique(commands.flatMap(({ options }) => options.filter(isShared)));
  return [
    '<!-- Written by `npm run generate` from the tables in src/commands. -->',
    '# Options',
    '',
    'Each option is also an environment variable: `--record-dir` is `MIGRATE_DEPLOY_RECORD_DIR`. The command line wins, and an',
    'empty variable is not given. Options that may be repeated take one value a line there; those that hold names or ids also',
    'take commas. For an integer without a default, the number below its least one means "not given". Durations are `90s`,',
    '`30m`, `1h30m`, `500ms`, or a number of seconds. In the orb, parameters have the same names in snake_case.',
    '',
    ...commands.flatMap(({ name, describe, options }) => [
      `## ${name}`,
      '',
      describe,
      '',
      ...byHeading(options.filter((option) => !isShared(option))),
      ...(options.some(isShared) ? [`And the options of ${sharedOf(options).join(' and ')} below.`, ''] : []),
    ]),
    '## Options of many commands',
    '',
    ...byHeading(everywhere),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

const headingOf = ({ option }: NamedOption): string => option.group ?? 'Options';
const isShared = (named: NamedOption): boolean => shared.includes(headingOf(named));
const sharedOf = (options: readonly NamedOption[]): string[] =>
  shared.filter((heading) => options.some((option) => headingOf(option) === heading));

function unique(options: readonly NamedOption[]): NamedOption[] {
  return options.filter(({ name }, index) => options.findIndex((other) => other.name === name) === index);
}

function byHeading(options: readonly NamedOption[]): string[] {
  return [...new Set(options.map(headingOf))].flatMap((heading) => [
    `### ${heading}`,
    '',
    '| option | default | |',
    '|---|---|---|',
    ...options.filter((option) => headingOf(option) === heading).map(row),
    '',
  ]);
}

function row({ name, option }: NamedOption): string {
  const { placeholder, alias, kind, describe, choices, required, variables = [] } = option;
  const value = placeholder ?? choices?.join('|');
  const also = alias === undefined ? '' : ` Also \`--${alias}\`.`;
  const repeat = kind === 'list' ? ' May be repeated.' : kind === 'names' ? ' May be repeated or hold commas.' : '';
  const fallback = required && variables.length === 0 ? '**required**' : (absence(option) ?? '');
  const none = noInteger(option) === undefined ? '' : ` (\`${environmentName(name)}=${noInteger(option)}\`: not given)`;
  const cells = [`\`--${name}${value === undefined ? '' : ` ${value}`}\``, fallback, describe + repeat + also + none];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
