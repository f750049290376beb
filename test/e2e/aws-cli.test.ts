import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createService, environmentOf, seedEnvironment } from '../../scripts/local-aws/seed.ts';
import { type RunningAws, startLocalAws } from '../../scripts/local-aws/start.ts';
import { hasTool } from '../support/needs-tool.ts';

const hasCli = hasTool({ name: 'the AWS CLI', probe: ['aws', '--version'], install: 'pip install awscli' });
const project = fileURLToPath(new URL('../../examples/hoge', import.meta.url));
const names = environmentOf('stg');
let aws: RunningAws;

/** Runs `aws …` in the example's folder and answers its JSON, or its text where there is none. */
async function cli(line: string): Promise<unknown> {
  // Older versions of the CLI do not know AWS_ENDPOINT_URL.
  const args = ['--endpoint-url', aws.url, '--output', 'json', ...line.split(' ')];
  const env = { PATH: process.env.PATH, HOME: '/nowhere', AWS_PAGER: '', ...aws.env };
  const { stdout } = await promisify(execFile)('aws', args, { cwd: project, env });
  return stdout === '' ? undefined : JSON.parse(stdout);
}

// A client that nobody here wrote runs the article's own commands: local AWS must be AWS to it too.
describe.runIf(hasCli)('the AWS CLI', () => {
  beforeAll(async () => {
    aws = await startLocalAws({ scale: 60 });
    await seedEnvironment(aws, names);
    aws.model.ecr.push(names.repository, ['latest']);
    await createService(aws, names, 1);
  });
  afterAll(() => aws.close());

  const runTask = `ecs run-task --cluster ${names.cluster} --task-definition ${names.migrationFamily} --overrides file://docker/run_task_db_migrate_stg.json`;

  test('aws sts get-caller-identity', async () => {
    expect(await cli('sts get-caller-identity')).toMatchObject({ Account: '123456789012' });
  });

  test('aws ecs run-task, wait tasks-stopped, describe-tasks: a migration that works', async () => {
    const { tasks, failures } = (await cli(runTask)) as {
      tasks: { taskArn: string; overrides: unknown }[];
      failures: [];
    };
    expect(failures).toEqual([]);
    expect(tasks[0]?.overrides).toMatchObject({
      containerOverrides: [{ name: 'hoge-stg', command: ['node-pg-migrate', 'up'] }],
    });
    const at = `--cluster ${names.cluster} --tasks ${tasks[0]?.taskArn}`;
    await cli(`ecs wait tasks-stopped ${at}`);
    expect(await cli(`ecs describe-tasks ${at}`)).toMatchObject({
      failures: [],
      tasks: [
        {
          lastStatus: 'STOPPED',
          stopCode: 'EssentialContainerExited',
          containers: [{ name: 'hoge-stg', exitCode: 0 }],
        },
      ],
    });
  }, 60_000);

  test('aws ecs describe-tasks: a migration that fails', async () => {
    const behaviour = {
      runMs: 3000,
      exitCode: 1,
      logs: [{ atMs: 1000, message: 'relation "recipes" does not exist' }],
    };
    aws.model.behaviours.script({ family: names.migrationFamily, times: 1 }, behaviour);
    const { tasks } = (await cli(runTask)) as { tasks: { taskArn: string }[] };
    const taskArn = tasks[0]?.taskArn ?? '';
    await cli(`ecs wait tasks-stopped --cluster ${names.cluster} --tasks ${taskArn}`);
    const stopped = await cli(`ecs describe-tasks --cluster ${names.cluster} --tasks ${taskArn}`);
    expect(stopped).toMatchObject({ tasks: [{ containers: [{ exitCode: 1 }] }] });
    const stream = `hoge/${names.container}/${taskArn.split('/').at(-1)}`;
    const events = `logs get-log-events --log-group-name ${names.logGroup} --log-stream-name ${stream} --start-from-head`;
    expect(await cli(events)).toMatchObject({ events: [{ message: behaviour.logs[0]?.message }] });
  }, 60_000);

  test('aws ecs update-service, wait services-stable: a rollout that lands', async () => {
    const service = `--cluster ${names.cluster} --service ${names.serviceFamily}`;
    const { service: updated } = (await cli(`ecs update-service ${service} --force-new-deployment`)) as {
      service: { deployments: { status: string; rolloutState: string }[] };
    };
    expect(updated.deployments.map(({ status }) => status).sort()).toEqual(['ACTIVE', 'PRIMARY']);
    await cli(`ecs wait services-stable --cluster ${names.cluster} --services ${names.serviceFamily}`);
    const seen = await cli(`ecs describe-services --cluster ${names.cluster} --services ${names.serviceFamily}`);
    expect(seen).toMatchObject({ services: [{ deployments: [{ status: 'PRIMARY' }], runningCount: 1 }] });
  }, 90_000);

  test('a refusal is an error to the AWS CLI, in the words of ECS', async () => {
    const wrong = cli(`ecs run-task --cluster nowhere --task-definition ${names.migrationFamily}`);
    await expect(wrong).rejects.toThrow(
      'An error occurred (ClusterNotFoundException) when calling the RunTask operation: Cluster not found.',
    );
  });
});
