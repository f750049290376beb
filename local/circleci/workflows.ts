import { decideExpression } from './conditions.ts';
import { ConfigError, calling } from './config-error.ts';
import type { Scope } from './expression.ts';
import { passesFilters, type Ref } from './filters.ts';
import { type ExpandedJob, expandJob } from './jobs.ts';
import { type Combination, combinations } from './matrix.ts';
import type { Namespace } from './namespace.ts';
import { checkGraph, type Requirement, readRequires } from './requires.ts';
import { plain, substitute, unescapeAll } from './substitute.ts';
import { isMap, listOf, mapOf, type Yaml, type YamlMap } from './yaml.ts';

/** One job of a workflow: `job` is absent on an approval. */
export interface WorkflowJob {
  name: string;
  /** The job it was called by, before names were made unique. */
  called: string;
  /** The name for all jobs of its matrix together. */
  matrixAlias?: string;
  /** The job group that it is a member of. */
  groupAlias?: string;
  job?: ExpandedJob;
  requires: readonly Requirement[];
  contexts: readonly string[];
  serialGroup?: string;
  /** Whether the filters let it run on this branch or tag. */
  included: boolean;
}

export interface ExpandedWorkflow {
  name: string;
  /** Whether its own when/unless lets it run. */
  active: boolean;
  jobs: readonly WorkflowJob[];
}

const callKeys = [
  ...['name', 'requires', 'context', 'filters', 'type', 'matrix', 'pre-steps', 'post-steps'],
  ...['serial-group', 'override-with'],
];

/** Expands every job call of a workflow, names the jobs and ties their requirements. */
export function expandWorkflow(name: string, raw: Yaml, namespace: Namespace, ref: Ref): ExpandedWorkflow {
  return calling('workflow', name, () => {
    const workflow = mapOf(raw, name);
    const calls = listOf(workflow.jobs, 'jobs').flatMap((item) => readCalls(item, namespace.globals));
    if (calls.length === 0) throw new ConfigError('A workflow needs at least one job');
    const named = nameCalls(calls);
    const jobs = named.map((call) => expandCall(call, namespace, ref));
    const tied = checkGraph(name, jobs);
    return { name, active: isActive(workflow, namespace.globals), jobs: tied };
  });
}

function isActive(workflow: YamlMap, scope: Scope): boolean {
  const when = workflow.when === undefined || decideExpression(workflow.when, scope);
  const unless = workflow.unless !== undefined && decideExpression(workflow.unless, scope);
  return when && !unless;
}

interface Call {
  job: string;
  matrixAlias?: string;
  groupAlias?: string;
  explicitName: string | undefined;
  name: string;
  body: YamlMap;
  scope: Scope;
}

function readCalls(item: Yaml, globals: Scope): Call[] {
  const [[job, raw] = ['', null], ...others] = isMap(item) ? Object.entries(item) : [[String(item), null] as const];
  if (others.length > 0) throw new ConfigError(`A job of a workflow is a map with one key: ${job}`);
  const { matrix, '~group': group, ...body } = mapOf(raw, job);
  const alias = typeof group === 'string' ? { groupAlias: group } : {};
  if (matrix === undefined) return [{ ...call(job, body, globals, undefined), ...alias }];
  const { alias: matrixAlias = job, ...axes } = mapOf(plain(substitute(matrix, globals), 'matrix'), 'matrix');
  return combinations(axes).map((combination) => ({
    ...call(job, { ...body, ...combination }, { ...globals, matrix: combination }, combination),
    matrixAlias: String(matrixAlias),
    ...alias,
  }));
}

function call(job: string, body: YamlMap, scope: Scope, combination: Combination | undefined): Call {
  const name = body.name === undefined ? undefined : String(substitute(body.name, scope));
  const suffix = combination === undefined ? '' : `-${Object.values(combination).join('-')}`;
  return { job, explicitName: name, name: name ?? `${job}${suffix}`, body, scope };
}

/** Jobs called twice without names of their own become `job-1`, `job-2`. */
function nameCalls(calls: readonly Call[]): Call[] {
  const seen = new Map<string, number>();
  return calls.map((call) => {
    const same = calls.filter(({ name }) => name === call.name);
    if (same.length === 1) return call;
    if (same.filter(({ explicitName }) => explicitName !== undefined).length > 1) {
      throw new ConfigError(`Two jobs of the workflow are named '${call.name}'`);
    }
    if (call.explicitName !== undefined) return call;
    const count = (seen.get(call.name) ?? 0) + 1;
    seen.set(call.name, count);
    return { ...call, name: `${call.name}-${count}` };
  });
}

function expandCall(call: Call, namespace: Namespace, ref: Ref): WorkflowJob {
  const { body, scope } = call;
  const type = body.type;
  const own = plain(
    substitute(only(body, ['requires', 'context', 'filters', 'serial-group']), scope),
    call.name,
  ) as YamlMap;
  const shared = {
    name: call.name,
    called: call.job,
    ...(call.matrixAlias === undefined ? {} : { matrixAlias: call.matrixAlias }),
    ...(call.groupAlias === undefined ? {} : { groupAlias: call.groupAlias }),
    requires: readRequires(own.requires),
    contexts: listOf(own.context, 'context', true).map(String),
    included: passesFilters(own.filters, ref, scope),
    ...(own['serial-group'] === undefined ? {} : { serialGroup: String(own['serial-group']) }),
  };
  if (type === 'approval' || type === 'no-op') return unescapeAll(shared);
  const given = Object.fromEntries(Object.entries(body).filter(([key]) => !callKeys.includes(key)));
  const jobCall = {
    job: call.job,
    name: call.explicitName,
    given,
    preSteps: body['pre-steps'],
    postSteps: body['post-steps'],
  };
  return { ...unescapeAll(shared), job: expandJob(jobCall, namespace, scope) };
}

const only = (body: YamlMap, keys: readonly string[]): YamlMap =>
  Object.fromEntries(Object.entries(body).filter(([key]) => keys.includes(key)));
