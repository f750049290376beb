/** How an option's text is read. `names` is a list that also splits at commas; a `list` value is never split. */
export type OptionKind = 'string' | 'list' | 'names' | 'boolean' | 'duration' | 'integer' | 'choice';

/** One option as users see it: on the command line, as MIGRATE_DEPLOY_<OPTION>, and as an orb parameter. */
export interface OptionSpec {
  /** kebab-case, without dashes. */
  name: string;
  kind: OptionKind;
  /** One sentence for --help. */
  describe: string;
  choices?: readonly string[];
  /** What stands in its place in --help, e.g. `NAME=VALUE`. */
  placeholder?: string;
  /** What holds when it is not given, in words for --help; the reader applies it where `check` asks for it. */
  default?: string;
  alias?: string;
  /** Its value may begin with a dash: it holds arguments for another program. */
  takesDashes?: true;
  /** Heading in --help. */
  group: string;
}

/** What was given for one option, before it is understood. */
export interface RawValue {
  values: readonly string[];
  from: 'command line' | 'environment';
}

/** Everything that was given, by option name; `rest` is what stood behind `--`. */
export interface RawOptions {
  given: ReadonlyMap<string, RawValue>;
  rest: readonly string[];
  /** Complaints found while splitting the command line, e.g. unknown options. */
  complaints: readonly string[];
}

/** The environment variable that carries an option. */
export function environmentName(option: string): string {
  return `MIGRATE_DEPLOY_${option.toUpperCase().replaceAll('-', '_')}`;
}
