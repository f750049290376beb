import { describe, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { Json } from '../../local/aws/wire.ts';
import { splitWords } from '../../src/base/words.ts';
import { UserError } from '../../src/errors.ts';
import type { Ask } from '../../src/ports.ts';
import { headerCommand } from '../support/header-command.ts';
import { runCommand } from '../support/run-command.ts';

const registry = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

/** An account with these services, each `cluster/service family repository` and maybe a second container. */
async function account(...services: string[]): Promise<LocalAws> {
  const model = new LocalAws();
  const ecs = (operation: string, input: Json): Promise<Json> => {
    const call = { service: 'ecs' as const, operation, input, principal: undefined, region: 'eu-west-1', atMs: 0 };
    return Promise.resolve(model.operations.ecs[operation]?.(input, call));
  };
  for (const one of services) {
    const [place = '', family = '', repository = '', sidecar = ''] = one.split(' ');
    const [cluster = '', serviceName = ''] = place.split('/');
    model.clusters.create(cluster);
    const container = (name: string, image: string) => ({ name, image, memory: 128, essential: name === 'app' });
    await ecs('RegisterTaskDefinition', {
      family,
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: '256',
      memory: '512',
      executionRoleArn: 'arn:aws:iam::123456789012:role/execution',
      containerDefinitions: [
        ...(sidecar === '' ? [] : [container('proxy', sidecar)]),
        container('app', `${registry}/${repository}:v1`),
      ],
    });
    if (serviceName === '') continue;
    await ecs('CreateService', {
      cluster,
      serviceName,
      taskDefinition: family,
      desiredCount: 0,
      launchType: 'FARGATE',
      networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-1'] } },
    });
  }
  return model;
}

const generate = (model: LocalAws, more: readonly string[] = [], ask?: Ask) =>
  runCommand(['generate-config', '--from-aws', '--command', 'bin/migrate', ...more], { model, ask });

describe('generate-config --from-aws', () => {
  it('finds cluster, services of one image, family, container, repository and network, and says them as patterns', async () => {
    const model = await account(
      'shop-stg/web-stg web-stg shop nginx:1',
      'shop-stg/worker-stg worker-stg shop',
      'shop-prod/web-prod web-prod shop nginx:1',
      'shop-prod/worker-prod worker-prod shop',
      'shop-stg/ web-migrations-stg shop',
      'shop-prod/ web-migrations-prod shop',
    );
    const { stdout, stderr, exitCode } = await generate(model);
    expect(stderr).not.toContain('Error');
    expect(exitCode).toBe(0);
    expect(headerCommand(stdout)).toMatch(
      /^migrate-deploy generate-config --cluster 'shop-\{env\}' --service '(web-\{env\},worker-\{env\}|worker-\{env\},web-\{env\})' --task-definition 'web-migrations-\{env\}' --container app --repository shop --network-from-service '(web|worker)-\{env\}' --command bin\/migrate --region eu-west-1$/m,
    );
    expect(model.requests.filter(({ operation }) => !/^(Describe|List|Get)/.test(operation))).toEqual([]);
  });

  it('takes the family of the service where none is made for migrations', async () => {
    const model = await account('main/web web shop');
    const { stdout } = await generate(model, ['--environment', 'prod=main']);
    expect(stdout).toContain('task_definition: web\n');
  });

  const two = ['main/web web shop', 'main/blog blog blog'];

  it('asks on a terminal what is ambiguous', async () => {
    const asked: [string, readonly string[]][] = [];
    const ask: Ask = {
      select: async (message, choices) => {
        asked.push([message, choices]);
        return 'blog';
      },
    };
    const { stdout } = await generate(await account(...two), ['--environment', 'prod=main'], ask);
    expect(asked).toEqual([
      [
        expect.stringMatching(/^--repository of prod \(the one that the pipeline builds/),
        expect.arrayContaining(['shop', 'blog']),
      ],
    ]);
    expect(stdout).toContain('repo: blog\n');
    expect(stdout).toContain('service: blog\n');
  });

  it('elsewhere makes it an option error that names the candidates', async () => {
    const { exitCode, stderr } = await generate(await account(...two), ['--environment', 'prod=main']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      /Error: Several repositories could be those of prod: (shop, blog|blog, shop)\.\n {2}Why: .*\n {2}Fix: Give --repository (shop|blog) for every environment, or --repository prod=(shop|blog)\./,
    );
    const given = await generate(await account(...two), ['--environment', 'prod=main', '--repository', 'shop']);
    expect(given.stdout).toContain('service: web\n');
  });

  it('says what a choice means, and takes a pattern for all environments', async () => {
    const model = await account('shop-stg/web shop-web-stg shop', 'shop-stg/worker shop-worker-stg shop');
    const { stderr } = await generate(model, ['--environment', 'stg=staging']);
    expect(stderr).toContain('Why: The migration runs as one more task of that family, with its environment variables');
    expect(stderr).toMatch(/Give --task-definition 'shop-(web|worker)-\{env\}' for every environment/);
    const given = await generate(model, ['--environment', 'stg=staging', '--task-definition', 'shop-web-{env}']);
    expect(given.stdout).toContain('task_definition: shop-web-stg\n');
  });

  it('prints the policy command with the families that the services run, and with their roles and log groups', async () => {
    const model = await account('shop-stg/web shop-web-stg shop', 'shop-stg/worker shop-worker-stg shop');
    const { stderr } = await generate(model, [
      ...['--environment', 'stg=staging', '--task-definition', 'shop-web-{env}'],
      ...['--role-arn', 'arn:aws:iam::123456789012:role/ci'],
    ]);
    const [policy = ''] = /migrate-deploy iam-policy .*/.exec(stderr) ?? [];
    const words = splitWords(policy)?.slice(1) ?? [];
    expect(words[words.indexOf('--task-definition') + 1]?.split(',').sort()).toEqual([
      'shop-web-stg',
      'shop-worker-stg',
    ]);
    expect(words).toEqual(
      expect.arrayContaining(['--account', '123456789012', '--region', 'eu-west-1', '--branch', 'staging']),
    );
    expect(words[words.indexOf('--pass-role') + 1]).toBe('arn:aws:iam::123456789012:role/execution');
    const { stdout, stderr: said } = await runCommand(words);
    expect(said).not.toContain('narrow it');
    expect(stdout).toContain('service/shop-stg/web');
  });

  it('keeps in the header the families of services that are not called like them, so that without AWS the policy names them too', async () => {
    const model = await account('shop-stg/web shop-stg shop', 'shop-prod/web web shop');
    const { stdout } = await generate(model, ['--command-in', 'config']);
    const again = headerCommand(stdout);
    expect(again).toContain(' --service web --service-family stg=shop-stg --service-family prod=web ');
    const { stdout: same, stderr } = await runCommand(splitWords(again)?.slice(1) ?? []);
    expect(same).toBe(stdout);
    expect(stderr).toContain(
      "--cluster 'shop-stg' --region 'eu-west-1' --repository 'shop' --task-definition 'shop-stg'",
    );
    expect(stderr).not.toContain('--from-aws looks');
  });

  it.each([
    [['--cluster', 'mian'], 'There is no cluster mian in eu-west-1; there are: default, main.'],
    [['--service', 'shop'], 'There is no service shop in cluster main; there are: web.'],
    [['--task-definition', 'shop'], 'There is no task definition shop in eu-west-1; there are: web.'],
    [['--service-family', 'web,jobs'], 'There is no task definition jobs in eu-west-1; there are: web.'],
  ])('a name that AWS does not know is told with what there is: %j', async (given, message) => {
    const { stderr, exitCode } = await generate(await account('main/web web shop'), [
      '--environment',
      'prod=main',
      ...given,
    ]);
    expect(stderr.split('\n')[0]).toBe(`Error: ${message}`);
    expect(exitCode).toBe(2);
  });

  it('says so when no service runs an image of ECR', async () => {
    const { stderr } = await generate(await account('main/ web shop'), ['--cluster', 'main']);
    expect(stderr).toContain('Error: Cluster main has no service that runs an image of an ECR repository.');
  });

  it('stops when the person leaves', async () => {
    const ask: Ask = { select: () => Promise.reject(new UserError('Left.')) };
    expect((await generate(await account(...two), ['--environment', 'prod=main'], ask)).exitCode).toBe(2);
  });
});
