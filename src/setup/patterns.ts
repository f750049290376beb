import { type Parsed, valid, wrong } from '../base/parsed.ts';

/** A name for every environment, or for one alone; `{env}` and `{name}` in it are replaced. */
export interface Pattern {
  environment: string | undefined;
  text: string;
}

/** Reads `[ENV=]PATTERN`. */
export function pattern(given: string): Parsed<Pattern> {
  const [, environment, text = ''] = /^(?:([\w.-]+)=)?([\s\S]+)$/.exec(given.trim()) ?? [];
  const [unknown] = [...text.matchAll(/(?<!\$)\{(\w*)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !/^(env|name)$/.test(name));
  if (text === '') return wrong('must be a name, with {env} where the environment stands');
  if (unknown !== undefined) return wrong(`knows {env} and {name}, not {${unknown}}`);
  return valid({ environment, text });
}

/** The name that the patterns give an environment: its own pattern wins. */
export function patternFor(patterns: readonly Pattern[], environment: string): string | undefined {
  const own = patterns.find((one) => one.environment === environment);
  return (own ?? patterns.find((one) => one.environment === undefined))?.text;
}

/** The pattern with its names put in; the `${…}` of shell variables stays. */
export function fill(text: string, names: { env: string; name: string | undefined }): string {
  return text.replaceAll(/(?<!\$)\{(env|name)\}/g, (whole, key: 'env' | 'name') => names[key] ?? whole);
}

/** One pattern for names that follow the environments' names; else one for each environment, and none where there is none. */
export function patternsOf(names: ReadonlyMap<string, string>): string[] {
  const generalised = new Set([...names].map(([env, name]) => name.replaceAll(word(env), '{env}')));
  const [only] = generalised;
  if (generalised.size === 1 && only !== undefined) return [only];
  return [...names].map(([env, name]) => `${env}=${name}`);
}

/** Whether a name has the environment's name as one of its words. */
export const mentions = (name: string, environment: string): boolean => word(environment).test(name);

/** A name as a whole word: between the ends, dashes, underscores, slashes and dots. */
const word = (text: string): RegExp =>
  new RegExp(`(?<![A-Za-z0-9])${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![A-Za-z0-9])`, 'g');
