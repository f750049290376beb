import { stringify } from 'yaml';
import { ConfigError } from './config-error.ts';
import { unknownValue } from './expression.ts';
import type { Ref } from './filters.ts';
import { readJobGroups, withGroups } from './job-groups.ts';
import { type Namespace, readNamespace } from './namespace.ts';
import { allowedTypes, bindArguments, readDeclarations } from './parameters.ts';
import { type ExpandedWorkflow, expandWorkflow, type WorkflowJob } from './workflows.ts';
import { mapOf, readYaml, type Yaml } from './yaml.ts';

export interface ExpandOptions {
  /** The packed text of orbs, by the alias of the config or by `namespace/name`. */
  orbs?: Readonly<Record<string, string>>;
  pipelineParameters?: Readonly<Record<string, Yaml>>;
  /** What was pushed; the branch is `main` where neither is given. */
  branch?: string;
  tag?: string;
  revision?: string;
  pipelineNumber?: number;
  /** Takes the names of pipeline values that this model does not know, which are then empty; without it they are refused. */
  unknownValues?: Set<string>;
  /** What `pipeline.deploy` holds in a rollback pipeline; elsewhere its values are `<nil>`. */
  deploy?: Readonly<Partial<Record<(typeof deployValues)[number], string>>>;
}

/** `pipeline.deploy.…`, as CircleCI's guide to rollback pipelines lists them. */
const deployValues = [
  'component_name',
  'environment_name',
  'current_version',
  'target_version',
  'namespace',
  'reason',
] as const;

/** A config with nothing left to replace. */
export interface ExpandedConfig {
  setup: boolean;
  workflows: readonly ExpandedWorkflow[];
  ref: Ref;
  /** The compiled YAML, whose size CircleCI limits to 8 MB. */
  compiled: string;
}

/** The most bytes that CircleCI takes as a compiled config. */
export const compiledLimitBytes = 8 * 1_024 * 1_024;

/** Does what CircleCI's config service does: imports orbs, fills in parameters, and checks the result. */
export function expandConfig(text: string, options: ExpandOptions = {}): ExpandedConfig {
  const source = mapOf(readYaml(text), 'config');
  if (String(source.version) !== '2.1')
    throw new ConfigError('version: orbs, commands and parameters need version 2.1');
  const ref: Ref = options.tag === undefined ? { branch: options.branch ?? 'main' } : { tag: options.tag };
  const { unknownValues } = options;
  const globals = {
    pipeline: pipelineValues(source.parameters, ref, options, source.setup === true),
    'pipeline.git.branch.is_default': ref.branch === 'main',
    ...(unknownValues === undefined ? {} : { [unknownValue]: (path: string) => void unknownValues.add(path) }),
  };
  const namespace = readNamespace(source, globals, options.orbs ?? {});
  const groups = readJobGroups(source['job-groups']);
  const workflows = readWorkflows(withGroups(source.workflows, groups), namespace, ref);
  const compiled = compile(workflows);
  const bytes = Buffer.byteLength(compiled);
  if (bytes > compiledLimitBytes) {
    throw new ConfigError(`A compiled config YAML must be at most 8MB; this one has ${bytes} bytes`);
  }
  return { setup: source.setup === true, workflows, ref, compiled };
}

/** Reads an orb alone and checks what `circleci orb validate` can: names, parameters and what refers to them. */
export function checkOrb(packed: string): Namespace {
  return readNamespace(mapOf(readYaml(packed), 'orb'), {}, {});
}

function readWorkflows(value: Yaml | undefined, namespace: Namespace, ref: Ref): ExpandedWorkflow[] {
  const { version: _version, ...workflows } = mapOf(value, 'workflows');
  const named = Object.entries(workflows);
  if (named.length > 0) return named.map(([name, raw]) => expandWorkflow(name, raw, namespace, ref));
  if (!namespace.jobs.has('build')) {
    throw new ConfigError(
      'If you expected a workflow to run, check your config contains a top-level key called "workflows:"',
    );
  }
  return [expandWorkflow('build', { jobs: ['build'] }, namespace, ref)];
}

function pipelineValues(declared: Yaml | undefined, ref: Ref, options: ExpandOptions, setup: boolean) {
  const none = { steps: (value: unknown) => value, executor: (value: unknown) => value };
  const parameters = bindArguments(
    readDeclarations(declared, allowedTypes.pipeline),
    options.pipelineParameters ?? {},
    { ...none, scalar: (value) => value },
    none,
  );
  return {
    id: '5034460f-c7c4-4c43-9457-de07e2029e7b',
    number: options.pipelineNumber ?? 1,
    name: 'build-and-deploy',
    definition: { id: '2f0dd4a5-3a5c-4c4b-a3a3-0e4f0a3f5b4a' },
    integration_source: 'github_app',
    project: { git_url: 'https://github.com/example/project', slug: 'gh/example/project', type: 'github' },
    trigger: { id: '0b0c2f3e-8b2e-4a37-a9ec-6a4a8a1f2f10', type: 'github_app' },
    event: { name: 'push', action: '' },
    schedule: { id: '', name: '' },
    git: {
      branch: ref.branch ?? '',
      tag: ref.tag ?? '',
      revision: options.revision ?? '0'.repeat(40),
      base_revision: '',
      repo_url: 'https://github.com/example/project',
      repo_owner: 'example',
      repo_name: 'project',
      repo_id: '1',
      commit: { url: '', subject: '', body: '', author_name: '', author_email: '' },
    },
    deploy: Object.fromEntries(deployValues.map((name) => [name, options.deploy?.[name] ?? '<nil>'])),
    in_setup: setup,
    trigger_source: 'webhook',
    parameters,
  };
}

function compile(workflows: readonly ExpandedWorkflow[]): string {
  const jobs = workflows.flatMap((workflow) => workflow.jobs.map((job) => ({ workflow: workflow.name, ...job })));
  /** Of two workflows, jobs of one name are told apart. */
  const key = (workflow: string, name: string): string =>
    jobs.filter((job) => job.name === name).length > 1 ? `${workflow}/${name}` : name;
  return stringify(
    {
      version: 2,
      jobs: Object.fromEntries(
        jobs.filter(({ job }) => job !== undefined).map((job) => [key(job.workflow, job.name), compiledJob(job)]),
      ),
      workflows: {
        version: 2,
        ...Object.fromEntries(
          workflows.map(({ name: workflow, jobs: own }) => {
            const keyOf = (name: string): string => key(workflow, name);
            return [workflow, { jobs: own.map((job) => ({ [keyOf(job.name)]: calls(job, keyOf) })) }];
          }),
        ),
      },
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

const compiledJob = ({ job }: WorkflowJob) => ({
  ...job?.settings,
  steps: job?.steps.map(({ type, body }) => ({ [type]: body })),
});

const calls = ({ requires, contexts, job }: WorkflowJob, keyOf: (name: string) => string) => ({
  ...(job === undefined ? { type: 'approval' } : {}),
  ...(requires.length > 0 ? { requires: requires.map(({ name, statuses }) => ({ [keyOf(name)]: statuses })) } : {}),
  ...(contexts.length > 0 ? { context: contexts } : {}),
});
