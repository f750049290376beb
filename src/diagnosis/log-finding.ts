import { withoutValues } from '../base/redact.ts';
import { diagnoseLog } from './application.ts';

/** The line of a log that explains a failure, as an Outcome keeps it: cut, without known secret values, still hostile. */
export interface QuotedFinding {
  container: string;
  line: string;
  code?: string;
  framework?: string;
  cause?: string;
  fix?: string;
}

/** So much of the line is quoted. */
const quotedAtMost = 500;
/** So much of each line of a log tail is kept. */
const keptAtMost = 4_000;
/** So many of the last lines an Outcome keeps. */
const tailAtMost = 50;

/** Codes of ECS that say only that the program ended: there the application's own line says why. */
const onlyEnded: readonly string[] = [
  'EXIT_CODE',
  'EXITED',
  'COMMAND_NOT_FOUND',
  'NOT_RUNNABLE',
  'CRASHED',
  'KILLED_BY_SIGNAL',
  'RUNTIME_ERROR',
];

/** Whether the application's log leads: out of memory, a pull that failed, Spot and the like explain the end themselves. */
export const isOwnEnd = (code: string | undefined): boolean => code === undefined || onlyEnded.includes(code);

/** The line that explains why the program ended; undefined where none looks like an error. `hidden` are values that it must not show. */
export function findingIn(
  container: string,
  lines: readonly string[],
  hidden: readonly string[],
): QuotedFinding | undefined {
  const found = diagnoseLog(lines);
  if (found === undefined) return undefined;
  const { index: _index, code, ...rest } = found;
  const line = cut(withoutValues(found.line, hidden).trim(), quotedAtMost);
  return { container, ...rest, line, ...(code === undefined ? {} : { code }) };
}

/** The last lines as an Outcome keeps them: few, cut and without values that they must not show. */
export const tailOf = (lines: readonly string[], hidden: readonly string[], length = tailAtMost): string[] =>
  lines.slice(-length).map((line) => cut(withoutValues(line, hidden), keptAtMost));

/** Never through a surrogate pair. */
function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

const secretName = /pass|pwd|secret|token|key|credential|auth/i;
/** Switches, small numbers, plain words and host names: they are in every other line, and explain it. */
const plainValue =
  /^(?:true|false|\d{1,5}|[a-z]+(?:[._-][a-z]+)*|[a-z0-9-]+(?:\.[a-z0-9-]+){2,}|\d{1,3}(?:\.\d{1,3}){3})$/i;

/** The values of a container's environment and of its overrides that no quote may show; plain ones of harmless names stay. */
export function hiddenValues(...parts: readonly unknown[]): string[] {
  const values = parts.flatMap((part) => {
    const { environment } = (part ?? {}) as { environment?: unknown };
    if (!Array.isArray(environment)) return [];
    return environment.flatMap(({ name, value }: { name?: unknown; value?: unknown }): string[] => {
      if (typeof value !== 'string' || value === '') return [];
      return plainValue.test(value) && !secretName.test(String(name)) ? [] : [value];
    });
  });
  return [...new Set(values)];
}

/** Why lines of an awslogs stream may be missing (default since 2025-06-25: non-blocking; "awslogs log driver", developer guide). */
export function lossNote(logConfiguration: unknown): string | undefined {
  const { logDriver, options } = (logConfiguration ?? {}) as { logDriver?: string; options?: { mode?: string } | null };
  if (logDriver !== 'awslogs' || options?.mode === 'blocking') return undefined;
  return 'lines may be missing: awslogs may drop some unless its option mode is blocking';
}
