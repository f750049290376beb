import { parseArgs } from 'node:util';
import { serveFront } from '../local/aws/process/front.ts';
import { type DemoAccount, fillDemo } from './local-aws/demo.ts';
import { createService, environmentOf, seedEnvironment } from './local-aws/seed.ts';
import { type RunningAws, startLocalAws } from './local-aws/start.ts';

const HELP = `Runs a local AWS (ECS, ECR, CloudWatch Logs, STS) until it is interrupted.

  npm run local-aws -- [options]

  --port N         the port to listen on (default: a free one)
  --scale N        how many times as fast as the clock on the wall its time runs (default: 1)
  --region NAME    its region (default: eu-west-1)
  --env NAME       makes the article's cluster, repository and families of this environment, e.g. stg; repeatable
  --prefix NAME    the prefix of their names (default: hoge)
  --service        also creates the service of each environment, with one task
  --demo           fills it with the example of this repository in two environments, stg and prod: images, migrated databases,
                   services that answer, a role for CircleCI's tokens
  --help           prints this
`;

// The SDK would print its own end-of-support notice for Node 20.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function main(): Promise<void> {
  const { values } = read();
  if (values.help === true) {
    process.stdout.write(HELP);
    return;
  }
  const port = numberOf('port', values.port);
  const scale = numberOf('scale', values.scale);
  const aws = await startLocalAws({
    ...(port === undefined ? {} : { port }),
    ...(scale === undefined ? {} : { scale }),
    ...(values.region === undefined ? {} : { region: values.region }),
  });
  const demo = values.demo === true ? await fillDemo(aws) : undefined;
  for (const env of values.env ?? []) await seed(aws, env, values.prefix ?? 'hoge', values.service === true);
  for (const line of tryNext(demo, values.env ?? [], values.prefix ?? 'hoge')) console.log(`# ${line}`);
  for (const [name, value] of Object.entries(demo?.env ?? {})) console.log(`export ${name}=${value}`);
  for (const [name, value] of Object.entries(aws.env)) console.log(`export ${name}=${value}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void Promise.all([demo?.close(), aws.close()]).then(() => process.exit(0));
    });
  }
}

/** What to do with it, in a second terminal and the folder examples/hoge, once the lines that begin with export were run there. */
function tryNext(demo: DemoAccount | undefined, envs: readonly string[], prefix: string): string[] {
  const [names] = demo === undefined ? envs.map((env) => environmentOf(env, prefix)) : [demo.names];
  if (names === undefined)
    return ['Try next: npm run local-aws -- --demo, and this prints commands that work with what it makes.'];
  const { cluster, migrationFamily: family, serviceFamily: service } = names;
  const program = 'node ../../dist/migrate-deploy.mjs';
  return [
    'Try next, in the folder examples/hoge of a second terminal with the exports below:',
    `  ${program} run-migration-task --cluster ${cluster} --task-definition ${family} --overrides file://docker/run_task_db_migrate_stg.json`,
    ...(demo === undefined
      ? []
      : [
          `  curl ${demo.front.url}`,
          `  ${program} doctor --cluster ${cluster} --service ${service} --repository ${names.repository}`,
          `  ${program} update-service-and-verify --cluster ${cluster} --service ${service} --force-new-deployment`,
          `  ${program} generate-config --from-aws --environment stg=staging --command 'node-pg-migrate up'`,
          `  ${program} doctor --cluster ${cluster} --role-arn ${demo.roleArn}`,
        ]),
  ];
}

async function seed(aws: RunningAws, env: string, prefix: string, withService: boolean): Promise<void> {
  const names = environmentOf(env, prefix);
  const { image } = await seedEnvironment(aws, names);
  console.log(
    `# ${env}: cluster ${names.cluster}, families ${names.migrationFamily} and ${names.serviceFamily}, image ${image}`,
  );
  if (!withService) return;
  // A small image of its own, so that the service has something to run: its containers follow their scripts.
  aws.model.ecr.push(names.repository, ['latest']);
  await createService(aws, names, 1);
  const front = await serveFront(() => aws.portsOf(names.serviceFamily));
  console.log(`# ${env}: service ${names.serviceFamily}; ${front.url} forwards to those of its tasks that really run`);
}

function read() {
  const one = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      options: {
        port: one,
        scale: one,
        region: one,
        env: { ...one, multiple: true },
        prefix: one,
        service: flag,
        demo: flag,
        help: flag,
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = Number(text);
  if (!(number > 0)) throw new UsageError(`--${name} must be a number above 0, not "${text}".`);
  return number;
}

class UsageError extends Error {}

await main().catch((error: unknown) => {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${HELP}`);
  process.exitCode = 2;
});
