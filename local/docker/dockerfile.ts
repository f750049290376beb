import { DockerError } from './docker-error.ts';

/** One instruction of a Dockerfile, continuation lines joined. */
export interface Instruction {
  name: string;
  /** What follows the name and its flags. */
  value: string;
  /** `--from=x` as `{ from: 'x' }`. */
  flags: Record<string, string>;
  line: number;
}

/** What stands between one FROM and the next. */
export interface Stage {
  name: string | undefined;
  base: string;
  instructions: Instruction[];
}

export interface Dockerfile {
  /** The ARGs before the first FROM. */
  globals: Instruction[];
  stages: Stage[];
}

const KNOWN = [
  'FROM',
  'ARG',
  'ENV',
  'LABEL',
  'WORKDIR',
  'COPY',
  'RUN',
  'CMD',
  'ENTRYPOINT',
  'EXPOSE',
  'USER',
  'STOPSIGNAL',
];

/** Reads a Dockerfile's stages; an instruction that the stand-in cannot carry out is an error, never skipped. */
export function parseDockerfile(text: string): Dockerfile {
  const globals: Instruction[] = [];
  const stages: Stage[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') stages.push(stageOf(instruction));
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.name === 'ARG') globals.push(instruction);
    else throw new DockerError(`no build stage in current context (Dockerfile line ${instruction.line})`);
  }
  if (stages.length === 0) throw new DockerError('file with no instructions');
  return { globals, stages };
}

function instructionsOf(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: { text: string; line: number } | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const joined =
      open === undefined ? { text: line, line: index + 1 } : { text: `${open.text} ${line}`, line: open.line };
    if (joined.text.endsWith('\\')) {
      open = { text: joined.text.slice(0, -1).trimEnd(), line: joined.line };
      continue;
    }
    open = undefined;
    instructions.push(instructionOf(joined.text, joined.line));
  }
  if (open !== undefined) instructions.push(instructionOf(open.text, open.line));
  return instructions;
}

function instructionOf(text: string, line: number): Instruction {
  const [word = '', ...rest] = text.split(/\s+/);
  const name = word.toUpperCase();
  if (!KNOWN.includes(name)) {
    throw new DockerError(`the stand-in docker does not know the instruction ${name} (Dockerfile line ${line})`);
  }
  const flags: Record<string, string> = {};
  let value = text.slice(word.length).trim();
  for (const flag of rest) {
    const [, key, setting] = /^--([a-z-]+)=(.*)$/.exec(flag) ?? [];
    if (key === undefined || setting === undefined) break;
    flags[key] = setting;
    value = value.slice(flag.length).trim();
  }
  return { name, value, flags, line };
}

function stageOf({ value, line }: Instruction): Stage {
  const [, base, name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(value) ?? [];
  if (base === undefined) throw new DockerError(`FROM requires one or three arguments (Dockerfile line ${line})`);
  return { base, name: name?.toLowerCase(), instructions: [] };
}

/** Replaces `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}`; `\$` stays a dollar sign. */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(
    /\\\$|\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g,
    (match, bare?: string, braced?: string, operator?: string, word = '') => {
      if (match === '\\$') return '$';
      const found = lookup(bare ?? braced ?? '') ?? '';
      if (operator === '-') return found === '' ? word : found;
      if (operator === '+') return found === '' ? '' : word;
      return found;
    },
  );
}

/** `A=1 B="two words"`, or the old form `A the rest`, as pairs. */
export function pairsOf(value: string): [name: string, value: string][] {
  if (!/^\S+?=/.test(value)) {
    const [name = ''] = value.split(/\s+/);
    return [[name, value.slice(name.length).trim()]];
  }
  return [...value.matchAll(/([^\s=]+)=("(?:[^"\\]|\\.)*"|'[^']*'|(?:\\\s|\S)*)/g)].map(([, name = '', text = '']) => [
    name,
    unquoted(text),
  ]);
}

function unquoted(text: string): string {
  if (/^".*"$/s.test(text)) return text.slice(1, -1).replace(/\\(["\\])/g, '$1');
  if (/^'.*'$/s.test(text)) return text.slice(1, -1);
  return text.replace(/\\(\s)/g, '$1');
}

/** The exec form's words, or the shell form wrapped as docker wraps it. */
export function commandOf(value: string): string[] {
  return execFormOf(value) ?? ['/bin/sh', '-c', value];
}

/** `["a", "b"]` as words; undefined when the value is not in that form. */
export function execFormOf(value: string): string[] | undefined {
  if (!value.startsWith('[')) return undefined;
  try {
    const words: unknown = JSON.parse(value);
    return Array.isArray(words) && words.every((word) => typeof word === 'string') ? words : undefined;
  } catch {
    return undefined;
  }
}
