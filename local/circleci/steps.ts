import { decide } from './conditions.ts';
import { ConfigError, calling } from './config-error.ts';
import { resolveExecutor } from './executors.ts';
import type { Scope } from './expression.ts';
import { type Element, find, type Namespace } from './namespace.ts';
import { bindArguments, type Resolvers } from './parameters.ts';
import { isMade, type Made, plain, substitute } from './substitute.ts';
import { isMap, mapOf, type Yaml, type YamlMap } from './yaml.ts';

/** A built-in step, ready to run: its name and its body. */
export interface Step {
  type: string;
  body: YamlMap;
}

export interface MadeSteps extends Made {
  made: 'steps';
  steps: readonly Step[];
}

/** The steps that CircleCI itself provides. */
const builtInSteps = [
  'run',
  'checkout',
  'setup_remote_docker',
  'save_cache',
  'restore_cache',
  'store_artifacts',
  'store_test_results',
  'persist_to_workspace',
  'attach_workspace',
  'add_ssh_keys',
];

/** Where steps are expanded: whose names they use, what `<< … >>` may name, and the commands being expanded. */
export interface StepContext {
  namespace: Namespace;
  scope: Scope;
  calls: readonly Element[];
}

/** Replaces commands and conditions until only built-in steps remain. */
export function expandSteps(list: unknown, context: StepContext): Step[] {
  const value = typeof list === 'string' ? substitute(list, context.scope) : list;
  if (isMade(value)) return [...(value as MadeSteps).steps];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ConfigError('steps: expected a list of steps');
  return value.flatMap((item: Yaml) => expandStep(item, context));
}

function expandStep(item: Yaml, context: StepContext): Step[] {
  if (typeof item === 'string') {
    return item.includes('<<') ? expandSteps(item, context) : callStep(item, null, context);
  }
  if (!isMap(item)) throw new ConfigError('A step is a name or a map with one key');
  const keys = Object.keys(item);
  const [name = ''] = keys;
  if (keys.length !== 1) throw new ConfigError(`A step is a map with one key, not ${keys.length}: ${keys.join(', ')}`);
  const body = item[name] ?? null;
  if (name === 'steps') return expandSteps(body, context);
  if (name === 'when' || name === 'unless') return expandConditional(name, body, context);
  return callStep(name, body, context);
}

function expandConditional(name: 'when' | 'unless', raw: Yaml, context: StepContext): Step[] {
  const { condition, steps, ...rest } = mapOf(raw, name);
  if (condition === undefined || steps === undefined || Object.keys(rest).length > 0) {
    throw new ConfigError(`'${name}' has condition and steps, and nothing else`);
  }
  // Steps behind a false condition are checked like all others.
  const expanded = expandSteps(steps, context);
  return decide(condition, context.scope) === (name === 'when') ? expanded : [];
}

function callStep(name: string, raw: Yaml, context: StepContext): Step[] {
  const command = find('commands', name, context.namespace);
  if (command !== undefined && !context.calls.includes(command)) return callCommand(command, name, raw, context);
  if (!builtInSteps.includes(name)) {
    if (command !== undefined) throw new ConfigError(`Command '${name}' calls itself`);
    throw new ConfigError(`Cannot find a definition for command named ${name}`);
  }
  const body = name === 'run' && typeof raw === 'string' ? { command: raw } : mapOf(raw, name);
  if (typeof body.auto_rerun_delay === 'string') checkDelay(body.auto_rerun_delay);
  return [{ type: name, body: plain(substitute(body, context.scope), name) as YamlMap }];
}

/** CircleCI checks this field before parameters are put in, so that a parameter never passes. */
function checkDelay(delay: string): void {
  if (!/^(\d+[smh])+$/.test(delay)) throw new ConfigError(`auto_rerun_delay: '${delay}' does not match pattern`);
}

function callCommand(command: Element, name: string, raw: Yaml, context: StepContext): Step[] {
  return calling('command', name, () => {
    const calls = [...context.calls, command];
    const empty: StepContext = { namespace: command.home, scope: command.home.globals, calls };
    const parameters = bindArguments(
      command.parameters,
      mapOf(raw, name),
      { ...resolversFor(context), scalar: (value) => substitute(value, context.scope) },
      resolversFor(empty),
    );
    return expandSteps(command.body.steps, { ...empty, scope: { ...command.home.globals, parameters } });
  });
}

/** Makes steps and executors in the namespace of `context`. */
export function resolversFor(context: StepContext): Resolvers {
  return {
    steps: (value): MadeSteps =>
      isMade(value) ? (value as MadeSteps) : { made: 'steps', steps: expandSteps(value, context) },
    executor: (value) => (isMade(value) ? value : resolveExecutor(value as Yaml, context.namespace, context.scope)),
  };
}
