import { decideExpression } from './conditions.ts';
import { ConfigError } from './config-error.ts';
import { matchesWhole, type Scope } from './expression.ts';
import { listOf, mapOf, type Yaml } from './yaml.ts';

/** What was pushed: a branch, or a tag. */
export interface Ref {
  branch?: string;
  tag?: string;
}

/** Whether a job runs for this push: branches pass unless filtered, tags only where a filter names them. */
export function passesFilters(value: Yaml | undefined, ref: Ref, scope: Scope): boolean {
  if (typeof value === 'string') return decideExpression(value, scope);
  const { branches, tags, ...rest } = mapOf(value, 'filters');
  if (Object.keys(rest).length > 0)
    throw new ConfigError(`filters: extraneous key [${Object.keys(rest).join(', ')}] is not permitted`);
  if (ref.tag !== undefined) return tags !== undefined && fits(tags, ref.tag, 'tags');
  return branches === undefined || fits(branches, ref.branch ?? '', 'branches');
}

function fits(filter: Yaml, name: string, what: string): boolean {
  const { only, ignore, ...rest } = mapOf(filter, what);
  if (Object.keys(rest).length > 0)
    throw new ConfigError(`${what}: extraneous key [${Object.keys(rest).join(', ')}] is not permitted`);
  const wanted = only === undefined || listOf(only, 'only', true).some((pattern) => fitsPattern(String(pattern), name));
  const unwanted = listOf(ignore, 'ignore', true).some((pattern) => fitsPattern(String(pattern), name));
  return wanted && !unwanted;
}

/** A pattern between slashes is a regular expression for the whole name; anything else is the name itself. */
function fitsPattern(pattern: string, name: string): boolean {
  const expression = /^\/(.*)\/$/s.exec(pattern);
  return expression === null ? pattern === name : matchesWhole(expression[1] ?? '', name);
}
