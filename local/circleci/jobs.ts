import { ConfigError, calling } from './config-error.ts';
import { type MadeExecutor, mergeExecutor, resolveExecutor } from './executors.ts';
import type { Scope } from './expression.ts';
import { type Namespace, require } from './namespace.ts';
import { bindArguments } from './parameters.ts';
import { expandSteps, resolversFor, type Step, type StepContext } from './steps.ts';
import { isMade, plain, substitute, unescapeAll } from './substitute.ts';
import { checkJob } from './validate.ts';
import { isMap, type Yaml, type YamlMap } from './yaml.ts';

/** A job without parameters, executors or commands: what CircleCI would run. */
export interface ExpandedJob {
  /** docker, machine, environment, working_directory, shell and the like. */
  settings: YamlMap;
  steps: readonly Step[];
}

/** How a workflow calls a job: its arguments and the steps put around its own. */
export interface JobCall {
  job: string;
  /** The name that the call gives it. */
  name?: string | undefined;
  given: Readonly<Record<string, Yaml>>;
  preSteps: Yaml | undefined;
  postSteps: Yaml | undefined;
}

/** Expands one call of a job, made in `namespace` with `scope` in view. */
export function expandJob(call: JobCall, namespace: Namespace, scope: Scope): ExpandedJob {
  const job = require('jobs', call.job, namespace);
  const work = (): ExpandedJob => {
    const caller: StepContext = { namespace, scope, calls: [] };
    const definer: StepContext = { namespace: job.home, scope: job.home.globals, calls: [] };
    const parameters = bindArguments(
      job.parameters,
      call.given,
      { ...resolversFor(caller), scalar: (value) => substitute(value, scope) },
      resolversFor(definer),
    );
    const inner: StepContext = { ...definer, scope: { ...job.home.globals, parameters } };
    const { parameters: _declared, description: _text, steps, executor, ...own } = job.body;
    const filled = plain(substitute(own, inner.scope), call.job) as YamlMap;
    const expanded = {
      settings: settingsOf(filled, executor, inner),
      steps: [
        ...expandSteps(call.preSteps, caller),
        ...expandSteps(steps, inner),
        ...expandSteps(call.postSteps, caller),
      ],
    };
    const finished = unescapeAll(expanded) as unknown as ExpandedJob;
    checkJob(finished);
    return finished;
  };
  return calling('job', call.job, work, call.name);
}

function settingsOf(own: YamlMap, executor: Yaml | undefined, context: StepContext): YamlMap {
  if (executor === undefined) return own;
  const value =
    typeof executor === 'string' && executor.includes('<<') ? substitute(executor, context.scope) : executor;
  if (typeof value !== 'string' && !isMap(value)) throw new ConfigError('executor: a name is needed');
  const made = isMade(value)
    ? (value as unknown as MadeExecutor)
    : resolveExecutor(value as Yaml, context.namespace, context.scope);
  return mergeExecutor(own, made.body);
}
