import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Writable } from 'node:stream';
import { isCancel, select as selectPrompt } from '@clack/prompts';
import { createLogUpdate } from 'log-update';
import { ConfigError } from '../local/circleci/config-error.ts';
import { expandConfig } from '../local/circleci/expand.ts';
import { isMap, readYaml, type Yaml } from '../local/circleci/yaml.ts';
import { suggest } from './base/suggest.ts';
import { UserError } from './errors.ts';
import type { Ask, CircleCi, ExpandedConfig, JsonObject, OpenLive } from './ports.ts';
import { liveView } from './report/live.ts';

export { connectSetup } from './aws/setup.ts';

// What only the program of the command line holds: no job of the orb needs it, and the orb's build leaves this file out.

/** Asks on the terminal, on stderr: stdout may be a file. */
export const select: Ask['select'] = async (message, choices) => {
  const options = choices.map((value) => ({ value, label: value }));
  const chosen = await selectPrompt({ message, options, output: process.stderr });
  if (isCancel(chosen)) throw new UserError('Nothing was chosen.', { fix: 'Give the option, or choose.' });
  return chosen;
};

/** Without it a row with characters of double width would take two, and the next drawing would leave one of them. */
const uncut = (text: string): string => `\u001b[?7l${text}\u001b[?7h`;

/** Draws at the bottom of the terminal, with the last lines of the containers' logs. */
export const live: OpenLive = (screen, { elapsedMs, tailLines }) => {
  const columns = screen.columns ?? 80;
  const stream = new Writable({
    decodeStrings: false,
    write: (text: string, _encoding, done) => {
      screen.write(uncut(text));
      done();
    },
  });
  // The cursor stays: whatever ends the program, nothing has to be shown again.
  const update = createLogUpdate(Object.assign(stream, { isTTY: true, columns, rows: screen.rows ?? 24 }), {
    showCursor: true,
  });
  const view = liveView(tailLines);
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) update.clear();
    isDrawn = false;
  };
  const timer = setInterval(() => {
    const rows = view.rows(elapsedMs(), columns);
    if (rows.length === 0) return;
    update(rows.join('\n'));
    isDrawn = true;
  }, 100);
  const end = () => {
    clearInterval(timer);
    clear();
    return view.rest();
  };
  return Promise.resolve({ take: view.take, clear, end });
};

/** The orb lies beside the program; in the sources, where it is packed to. */
const orbFiles = ['orb.yml', '../dist/orb.yml'].map((path) => join(dirname(import.meta.filename), path));

/** Expands a config by the model of CircleCI. */
export const expand: CircleCi['expand'] = async (text, push, orbs, parameters = {}) => {
  try {
    const unknownValues = new Set<string>();
    const pipelineParameters = typedParameters(readYaml(text), parameters);
    const needed = orbsOf(readYaml(text));
    const own = needed.find((name) => name.endsWith('/migrate-deploy') && orbs[name] === undefined);
    const known = own === undefined ? orbs : { ...orbs, [own]: await ownOrb() };
    const config = expandConfig(text, { ...push, orbs: known, unknownValues, pipelineParameters });
    const workflows = config.workflows.map((workflow) => seen(workflow, branchesOf(readYaml(text), workflow.name)));
    return { workflows, unknownValues: [...unknownValues] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const { message, fault } = error;
    const line = lineOf(message, fault?.word, text);
    const meant = fault === undefined ? undefined : suggest(fault.word, fault.near);
    const isOrb = /orb registry/.test(message);
    throw new UserError('CircleCI would refuse this config.', {
      code: 'Config',
      why: `${plainly(message)}${line === undefined ? '' : `\n(line ${line})`}`,
      fix: isOrb
        ? 'An orb of others is handed in with --orb NAMESPACE/NAME=FILE: its packed text.'
        : `${meant === undefined ? '' : `Did you mean ${meant}? `}Correct it and check again.`,
    });
  }
};

/** On the command line every value is a text; the config declares what it is. */
function typedParameters(config: Yaml, given: Readonly<Record<string, string>>): Record<string, Yaml> {
  const typed = ([name, value]: [string, string]): [string, Yaml] => {
    const type = member(config, 'parameters', name, 'type');
    if (type === 'boolean' && /^(true|false)$/.test(value)) return [name, value === 'true'];
    return [name, type === 'integer' && /^-?\d+$/.test(value) ? Number(value) : value];
  };
  return Object.fromEntries(Object.entries(given).map(typed));
}

async function ownOrb(): Promise<string> {
  for (const file of orbFiles) {
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  throw new UserError('The orb is not beside the program.', {
    code: 'Config',
    fix: 'Hand it in with --orb NAMESPACE/migrate-deploy=orb.yml (`npm run build && npm run pack-orb` writes dist/orb.yml).',
  });
}

function seen(workflow: ReturnType<typeof expandConfig>['workflows'][number], branches: string[]) {
  const jobs = workflow.jobs.map(({ name, called, job, included, requires, contexts, serialGroup }) => ({
    name,
    called,
    isApproval: job === undefined,
    included,
    requires: requires.map((one) => one.name),
    contexts: [...contexts],
    serialGroup,
    steps: (job?.steps ?? []).map(({ type, body }) => ({ type, body: body as JsonObject })),
  }));
  return { name: workflow.name, active: workflow.active, branches, jobs } satisfies ExpandedConfig['workflows'][number];
}

const member = (value: Yaml | undefined, ...path: string[]): Yaml | undefined =>
  path.reduce<Yaml | undefined>((at, key) => (isMap(at) ? at[key] : undefined), value);

function orbsOf(config: Yaml): string[] {
  const orbs = member(config, 'orbs');
  return isMap(orbs)
    ? Object.values(orbs).flatMap((ref) => (typeof ref === 'string' ? [ref.replace(/@.*/, '')] : []))
    : [];
}

/** The branches that the calls of a workflow name in their filters. */
function branchesOf(config: Yaml, workflow: string): string[] {
  const jobs = member(config, 'workflows', workflow, 'jobs');
  const calls = (Array.isArray(jobs) ? jobs : []).flatMap((job) => (isMap(job) ? Object.values(job) : []));
  const only = calls.flatMap((call) => [member(call, 'filters', 'branches', 'only') ?? []].flat());
  return [...new Set(only.map(String))];
}

/** Where in the file a fault lies: the message names the calls that led to it, and often the word at fault. */
function lineOf(message: string, word: string | undefined, text: string): number | undefined {
  const [, told] = /\bat line (\d+)/.exec(message) ?? [];
  if (told !== undefined) return Number(told);
  const lines = text.split('\n');
  const trail = [...message.matchAll(/^Error calling \w+: '(.+?)'(?:, named '.+')?$/gm)].map(([, name = '']) => name);
  const words = [...(message.split('\n').at(-1) ?? '').matchAll(/[\w./-]+/g)].map(([word]) => word).reverse();
  const find = (name: string, from: number, until = lines.length): number => {
    const key = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
    const pattern = new RegExp(`^[\\s-]*['"]?${key}['"]?\\s*(:|$)`);
    return lines.findIndex((one, index) => index >= from && index < until && pattern.test(one));
  };
  let at = -1;
  for (const name of trail) {
    const next = find(name, Math.max(at, 0));
    if (next === -1) break;
    at = next;
  }
  // The fault lies within the last call, if it has a line of its own.
  const depth = lines[at]?.search(/\S/) ?? -1;
  const end = lines.findIndex((one, index) => index > at && one.trim() !== '' && one.search(/\S/) <= depth);
  const until = end === -1 ? lines.length : end;
  const fault = words.map((word) => find(word, at + 1, until)).find((index) => index !== -1);
  const line = onlyLineWith(word, lines) ?? fault ?? (at === -1 ? undefined : at);
  return line === undefined ? undefined : line + 1;
}

/** A word that stands in one line alone is at fault there, wherever the calls that led to it are written. */
function onlyLineWith(word: string | undefined, lines: readonly string[]): number | undefined {
  if (word === undefined) return undefined;
  const [found, ...more] = lines.flatMap((one, index) => (one.split(/[^\w./-]+/).includes(word) ? [index] : []));
  return more.length === 0 ? found : undefined;
}

/** Where CircleCI counts, we say what it means. */
const plainly = (message: string): string =>
  message.replace(
    /requires '(.+)', which is the name of 0 other jobs in/,
    "requires '$1', and there is no job of that name in",
  );
