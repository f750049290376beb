import { suggest } from '../base/suggest.ts';
import { environmentName, type OptionSpec, type RawOptions, type RawValue } from './spec.ts';

/** What the command line's parser found: option names to one or many values. */
export type ParsedArguments = Readonly<Record<string, unknown>>;

/** Merges the command line with MIGRATE_DEPLOY_<OPTION>; the command line wins, an empty variable is not given. */
export function collectRaw(
  specs: readonly OptionSpec[],
  parsed: ParsedArguments,
  env: Readonly<Record<string, string | undefined>>,
): RawOptions {
  const given = new Map<string, RawValue>();
  const complaints = unknownOptions(specs, parsed);
  for (const spec of specs) {
    const names = spec.alias === undefined ? [spec.name] : [spec.name, spec.alias];
    const typed = names.flatMap((name) => (parsed[name] === undefined ? [] : [parsed[name]].flat().map(String)));
    // The parser reads `--no-cluster` as a no to --cluster; only a yes-or-no option takes one.
    if (spec.kind !== 'boolean' && names.some((name) => [parsed[name]].flat().includes(false))) {
      complaints.push(`--no-${spec.name} is not an option of this command`);
      continue;
    }
    const variables = names.map((name) => env[environmentName(name)] ?? '').filter((text) => text.trim() !== '');
    if (typed.length > 0) given.set(spec.name, { values: typed, from: 'command line' });
    else if (variables.length > 0) {
      given.set(spec.name, { values: variables.flatMap((text) => fromVariable(spec, text)), from: 'environment' });
    }
  }
  // The words themselves stay unprinted: they may be the second half of a secret value that lost its quotes.
  const strays = [parsed._ ?? []].flat().length - 1;
  if (strays > 0) {
    complaints.push(
      `${strays === 1 ? 'one word belongs' : `${strays} words belong`} to no option; quote values that hold spaces`,
    );
  }
  return { given, rest: [parsed['--'] ?? []].flat().map(String), complaints };
}

function fromVariable(spec: OptionSpec, variable: string): string[] {
  if (spec.kind !== 'list' && spec.kind !== 'names') return [variable];
  return variable.split('\n').filter((line) => line.trim() !== '');
}

function unknownOptions(specs: readonly OptionSpec[], parsed: ParsedArguments): string[] {
  const known = specs.flatMap((spec) => (spec.alias === undefined ? [spec.name] : [spec.name, spec.alias]));
  const builtIn = ['_', '--', '$0', 'help', 'version'];
  return Object.keys(parsed)
    .filter((name) => !known.includes(name) && !builtIn.includes(name))
    .map((name) => {
      const dashes = name.length === 1 ? '-' : '--';
      const near = suggest(name, known);
      return `${dashes}${name} is not an option of this command${near === undefined ? '' : `; did you mean --${near}?`}`;
    });
}
