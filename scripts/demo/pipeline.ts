import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expandConfig } from '../../local/circleci/expand.ts';
import { runWorkflow, type StepOutput, type WorkflowResult } from '../../local/circleci/runner.ts';
import { checkOutNewVersion, type Scenario } from './project.ts';
import { SCALE, type Stage } from './stage.ts';

export interface PushOptions {
  scenario: Scenario;
  /** Another config in place of the example's own. */
  config: string | undefined;
  onOutput: (output: StepOutput) => void;
}

/** Pushes to the branch `staging`: local CircleCI expands the project's config with the orb and runs what the push starts. */
export async function push({ scenario, config, onOutput }: PushOptions, stage: Stage): Promise<WorkflowResult> {
  const projectDir = join(stage.folder, 'new');
  await checkOutNewVersion(projectDir, scenario, config);
  const text = await readFile(join(projectDir, '.circleci/config.yml'), 'utf8');
  const expanded = expandConfig(text, { orbs: { 'migrate-deploy': stage.orb }, branch: 'staging' });
  return runWorkflow(expanded, {
    projectDir,
    workDir: join(stage.folder, 'circleci'),
    env: projectEnvironment(stage),
    path: stage.docker.env.PATH === undefined ? [] : [join(stage.folder, 'bin')],
    // On CircleCI the prefix "hoge" would be starred out of every name in the log.
    mask: false,
    onOutput,
  });
}

/** What the team has entered as its project's environment variables, and how to find this machine's AWS. */
function projectEnvironment({ aws, docker, webhook, startMs }: Stage): Record<string, string> {
  const { PATH: _, ...dockerEnv } = docker.env;
  return {
    ...aws.env,
    ...dockerEnv,
    AWS_RESOURCE_NAME_PREFIX: 'hoge',
    SLACK_WEBHOOK: webhook.url,
    NODE_OPTIONS: `--import ${new URL('../../local/aws/time/scaled-time.mjs', import.meta.url).href}`,
    LOCAL_AWS_TIME: `${startMs}:${SCALE}`,
  };
}
