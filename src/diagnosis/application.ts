import { databasePatterns } from './application-database.ts';
import {
  frameworkIn,
  isFrame,
  isHeading,
  isNoise,
  isPythonFrame,
  isQuiet,
  looksBad,
  looksLikeError,
} from './application-lines.ts';
import { migrationHistoryPatterns } from './application-migration-history.ts';
import { migrationLockPatterns } from './application-migration-locks.ts';
import { runtimePatterns } from './application-runtime.ts';
import { sqlPatterns } from './application-sql.ts';
import type { Diagnosis, DiagnosisPattern } from './diagnose.ts';

/** A row of the catalogue of application logs. */
export interface LogPattern extends DiagnosisPattern {
  /** The tool that alone says this; such a row wins over what any program may say. */
  framework?: string;
  /** True for a text that often only accompanies the real cause. */
  sign?: true;
}

/** What was found in a log: the line, what it means where that is known, and the tool that wrote the log where that shows. */
export type LogFinding = { line: string; index: number; framework?: string } & (Diagnosis | { code: undefined });

/** Texts of applications and their tools, most particular first. */
export const logCatalogue: readonly LogPattern[] = [
  ...migrationLockPatterns,
  ...migrationHistoryPatterns,
  ...sqlPatterns,
  ...databasePatterns,
  ...runtimePatterns,
];

/** So many of the last lines are looked at. Whoever keeps fewer may lose the cause: the trace of one failed Rails migration has 250. */
export const linesForDiagnosis = 1_000;
/** Longer lines are read from their beginning. */
const charactersAtMost = 1_000;
/** So many ordinary lines between two errors make them two stories; the later one is what the program died of. */
const linesBetweenStories = 10;

/** How well a line explains the end; the numbers only order. */
const rank = { state: 4, cause: 3, sign: 2, error: 1, bad: 0.5 } as const;

interface Candidate {
  index: number;
  text: string;
  rank: number;
  row: LogPattern | undefined;
}

/**
 * The line of an application's log that says why it ended, as a person would pick it, with cause and fix where its text is known.
 * Undefined where no line looks like an error: then the tail of the log is all that can be shown. `line` is verbatim, of any length and hostile: whoever prints it cuts it and makes it harmless.
 */
export function diagnoseLog(lines: readonly string[]): LogFinding | undefined {
  const from = Math.max(0, lines.length - linesForDiagnosis);
  const texts = lines.slice(from).map(readable);
  const best = pick(texts);
  if (best === undefined) return undefined;
  const index = from + best.index;
  const framework = best.row?.framework ?? frameworkIn(texts);
  const place = { line: lines[index] ?? '', index, ...(framework === undefined ? {} : { framework }) };
  if (best.row === undefined) return { ...place, code: undefined };
  const { code, cause, fix } = best.row;
  return { ...place, code, cause, fix };
}

/** The beginning of a line without colours. */
function readable(line: string): string {
  return line
    .slice(0, charactersAtMost)
    .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .trimEnd();
}

function pick(texts: readonly string[]): Candidate | undefined {
  let best: Candidate | undefined;
  let ordinary = 0;
  let afterHeading = false;
  let afterPythonFrame = false;
  let effect = false;
  for (const [index, text] of texts.entries()) {
    if (text === '') continue;
    const belongs = isFrame(text) || (afterPythonFrame && text.startsWith('    '));
    afterPythonFrame = isPythonFrame(text);
    const noise = isNoise(text);
    if (belongs) continue;
    // Python prints the root cause above this line and what came of it below.
    effect ||= text.startsWith('The above exception was the direct cause');
    const candidate = candidateOf(text, index, afterHeading);
    afterHeading = isHeading(text);
    if (candidate === undefined) {
      if (!noise && !/^\s/.test(text)) ordinary++;
      continue;
    }
    const laterStory = ordinary >= linesBetweenStories && candidate.rank >= rank.error;
    const better = best === undefined || candidate.rank > best.rank;
    const asGood = candidate.rank === best?.rank && !effect && !follows(candidate, best);
    if (better || asGood || laterStory) best = candidate;
    ordinary = 0;
    effect = false;
  }
  return best;
}

/** psql goes on after an error unless it is told to stop; the first of its errors brings on the others. */
function follows(later: Candidate, earlier: Candidate): boolean {
  const fromScript = /^psql:[^\s:]{1,200}:\d+: ERROR/;
  return fromScript.test(later.text) && fromScript.test(earlier.text);
}

function candidateOf(text: string, index: number, afterHeading: boolean): Candidate | undefined {
  const row = logCatalogue.find(({ pattern }) => pattern.test(text));
  if (row !== undefined) return { index, text, row, rank: isQuiet(text) ? rank.bad : rankOf(row) };
  if (isNoise(text) || isQuiet(text)) return undefined;
  if (afterHeading || looksLikeError(text)) return { index, text, row, rank: rank.error };
  return looksBad(text) ? { index, text, row, rank: rank.bad } : undefined;
}

function rankOf({ framework, sign }: LogPattern): number {
  if (sign) return rank.sign;
  return framework === undefined ? rank.cause : rank.state;
}
