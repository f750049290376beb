import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { createService, type Environment, ecrClient, ecsClient } from '../local-aws/seed.ts';
import type { RunningAws } from '../local-aws/start.ts';
import type { Docker } from './docker.ts';
import { runProgram } from './program.ts';
import { checkOutOldVersion } from './project.ts';

/** Builds the old version's image and pushes it, by hand, as the team did before. */
export async function pushOldImage(
  image: string,
  folder: string,
  deps: { aws: RunningAws; docker: Docker },
): Promise<void> {
  await checkOutOldVersion(folder);
  const env = { ...deps.docker.env, DOCKER_CONFIG: `${folder}-docker` };
  await runProgram('docker', ['build', '--target', 'apps', '--tag', image, folder], { env });
  const { authorizationData = [] } = await ecrClient(deps.aws).send(new GetAuthorizationTokenCommand({}));
  const token = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64').toString();
  const login = ['login', '--username', 'AWS', '--password-stdin', image.split('/')[0] ?? ''];
  await runProgram('docker', login, { env, input: token.replace(/^AWS:/, '') });
  await runProgram('docker', ['push', image], { env });
}

/** Migrates the database with the old version's image and puts two tasks of it in service. */
export async function serveOldVersion(names: Environment, aws: RunningAws): Promise<void> {
  const { cluster, container, migrationFamily } = names;
  const overrides = { containerOverrides: [{ name: container, command: ['node-pg-migrate', 'up'] }] };
  const run = new RunTaskCommand({ cluster, taskDefinition: migrationFamily, overrides });
  const { tasks = [] } = await ecsClient(aws).send(run);
  await stopped(aws, tasks[0]?.taskArn ?? '');
  await createService(aws, names, 2);
}

function stopped({ model }: RunningAws, taskArn: string): Promise<void> {
  return new Promise((resolve, reject) => {
    model.tasks.subscribe((task, change) => {
      if (task.arn !== taskArn || change !== 'stopped') return;
      const code = task.containers[0]?.exitCode;
      if (code === 0) resolve();
      else reject(new Error(`the old version's migration ended with ${code}: ${task.stoppedReason}`));
    });
  });
}
