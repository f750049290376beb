import { join } from 'node:path';
import { stringify } from 'yaml';
import { expandConfig } from '../../local/circleci/expand.ts';
import { type RunOptions, runWorkflow, type WorkflowResult } from '../../local/circleci/runner.ts';
import type { YamlMap } from '../../local/circleci/yaml.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import type { PipelineWorld } from './pipeline-world.ts';

const preload = new URL('../../local/aws/time/virtual-time.mjs', import.meta.url).href;

/** Packing takes seconds; one test file runs one bundle. */
let packed: ReturnType<typeof packOrb> | undefined;

/** Runs the one workflow of a config: the orb with the built bundle, local CircleCI, and the AWS and Slack of this world. */
export async function runConfig(
  world: PipelineWorld,
  config: YamlMap,
  { branch = 'main', variables = {}, ...options }: Partial<RunOptions> & { branch?: string; variables?: object } = {},
): Promise<WorkflowResult> {
  packed ??= packOrb({ outFile: join(world.folder, 'orb.yml') });
  const { text: orb } = await packed;
  const expanded = expandConfig(stringify(config, { version: '1.1' }), { orbs: { 'migrate-deploy': orb }, branch });
  const { AWS_ACCESS_KEY_ID: _id, AWS_SECRET_ACCESS_KEY: _secret, PATH: _path, ...machine } = world.env;
  return runWorkflow(expanded, {
    projectDir: join(world.folder, 'project'),
    path: [join(world.folder, 'bin')],
    mask: false,
    env: {
      ...machine,
      NODE_OPTIONS: `--import ${preload}`,
      LOCAL_AWS_CONTROL: world.served.url,
      STAND_IN_DOCKER_HOME: join(world.folder, 'docker'),
      DOCKER_CALLS: join(world.folder, 'docker-calls'),
      AWS_RESOURCE_NAME_PREFIX: 'hoge',
      NO_COLOR: '1',
      ...variables,
    },
    ...options,
  });
}

/** The keys of a user who may do everything, as a context holds them. */
export const staticKeys = ({ model }: PipelineWorld): Record<string, string> => {
  const user = model.identity.access.createUser('circleci');
  return { AWS_ACCESS_KEY_ID: user.accessKeyId, AWS_SECRET_ACCESS_KEY: user.secretAccessKey };
};

/** Everything that the jobs printed. */
export const outputOf = (result: WorkflowResult): string =>
  result.jobs.flatMap(({ steps }) => steps.map(({ output }) => output)).join('');

/** How each job ended. */
export const statuses = (result: WorkflowResult) => result.jobs.map(({ name, status }) => [name, status]);
