import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { RunTaskCommand } from '@aws-sdk/client-ecs';
import { createService, type Environment, ecrClient, ecsClient } from '../local-aws/seed.ts';
import type { RunningAws } from '../local-aws/start.ts';
import type { Docker } from './docker.ts';
import { runProgram } from './program.ts';
import { checkOutOldVersion } from './project.ts';

export interface OldVersionOptions {
  names: Environment;
  image: string;
  folder: string;
}

/** Deploys the old version by hand, as the team did before: build, push, migrate, create the service. */
export async function deployOldVersion(
  { names, image, folder }: OldVersionOptions,
  { aws, docker }: { aws: RunningAws; docker: Docker },
): Promise<void> {
  await checkOutOldVersion(folder);
  const env = { ...docker.env, DOCKER_CONFIG: `${folder}-docker` };
  await runProgram('docker', ['build', '--target', 'apps', '--tag', image, folder], { env });
  const { authorizationData = [] } = await ecrClient(aws).send(new GetAuthorizationTokenCommand({}));
  const password = Buffer.from(authorizationData[0]?.authorizationToken ?? '', 'base64')
    .toString()
    .replace(/^AWS:/, '');
  const login = ['login', '--username', 'AWS', '--password-stdin', image.split('/')[0] ?? ''];
  await runProgram('docker', login, { env, input: password });
  await runProgram('docker', ['push', image], { env });
  const containerOverrides = [{ name: names.container, command: ['node-pg-migrate', 'up'] }];
  const { tasks = [] } = await ecsClient(aws).send(
    new RunTaskCommand({
      cluster: names.cluster,
      taskDefinition: names.migrationFamily,
      overrides: { containerOverrides },
    }),
  );
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
