import { ConfigError, calling } from './config-error.ts';
import type { Scope } from './expression.ts';
import { type Namespace, require } from './namespace.ts';
import { bindArguments } from './parameters.ts';
import { type Made, plain, substitute } from './substitute.ts';
import { isMap, mapOf, type Yaml, type YamlMap } from './yaml.ts';

export interface MadeExecutor extends Made {
  made: 'executor';
  body: YamlMap;
}

const noResolvers = {
  steps: () => {
    throw new ConfigError('An executor takes no steps');
  },
  executor: () => {
    throw new ConfigError('An executor takes no executor');
  },
};

/** Resolves `executor: name` or `executor: {name, …arguments}` to the machine it describes. */
export function resolveExecutor(value: Yaml, namespace: Namespace, scope: Scope): MadeExecutor {
  const { name, ...given } = isMap(value) ? value : { name: value };
  if (typeof name !== 'string') throw new ConfigError('executor: a name is needed');
  const executor = require('executors', name, namespace);
  return calling('executor', name, () => {
    const parameters = bindArguments(
      executor.parameters,
      given,
      { ...noResolvers, scalar: (item) => substitute(item, scope) },
      noResolvers,
    );
    const { parameters: _declared, description: _text, ...body } = executor.body;
    const filled = substitute(body, { ...executor.home.globals, parameters });
    return { made: 'executor', body: plain(filled, name) as YamlMap };
  });
}

/** The job's own keys win over the executor's; their environments are merged, the job's winning. */
export function mergeExecutor(job: YamlMap, executor: YamlMap): YamlMap {
  const environment = { ...mapOf(executor.environment, 'environment'), ...mapOf(job.environment, 'environment') };
  return { ...executor, ...job, ...(Object.keys(environment).length > 0 ? { environment } : {}) };
}
