import { beforeAll, describe, expect, it } from 'vitest';
import { environmentOf } from '../../local/circleci/environment.ts';
import { mapOf, type YamlMap } from '../../local/circleci/yaml.ts';
import { commands } from '../../src/commands/index.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { typed } from '../support/options.ts';
import { createWorkbench, orbFiles } from './support.ts';

/** Each parameter of each command and job of the packed orb changes what runs, and the program understands what it gets. */

const elements = [
  ...(await orbFiles('commands')).map((file) => ({ ...file, kind: 'commands' as const })),
  ...(await orbFiles('jobs')).map((file) => ({ ...file, kind: 'jobs' as const })),
].filter(({ name }) => name !== 'install');
type Element = (typeof elements)[number];

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
  return () => bench.close();
});

/** The least that an element must be given. */
const least: Readonly<Record<string, YamlMap>> = {
  build_and_push_image: { repo: 'r' },
  build_image_and_push: { repo: 'r' },
  run_migration_task: { cluster: 'c', task_definition: 't' },
  db_migrate_on_task_run: { cluster: 'c', task_definition: 't' },
  update_service_and_verify: { cluster: 'c', service: 's', image: 'i:1' },
  service_update_and_notify: { cluster: 'c', service: 's', image: 'i:1' },
  rollback_service: { cluster: 'c', service: 's' },
  continue_deployment: { cluster: 'c', service: 's', action: 'continue' },
  status: { cluster: 'c', service: 's' },
  deploy_marker: { action: 'plan' },
  report: { html: 'index.html', record_dir: 'r' },
  wait_for_task: { cluster: 'c', task: '0123456789abcdef0123456789abcdef' },
};

/** Values that have a form; every other text takes `some-NAME`. */
const forms: Readonly<Record<string, string>> = {
  assign_public_ip: 'ENABLED',
  capacity_provider_strategy: 'capacityProvider=FARGATE,weight=1',
  client_token: 'token-1',
  docker_label: 'team=web',
  lifecycle_policy_path: '{}',
  placement_constraints: 'type=memberOf,expression=attribute:ecs.os-type == linux',
  placement_strategy: 'type=spread,field=attribute:ecs.availability-zone',
  repo_policy_path: '{}',
  task_definition_tags: 'team=web',
  tag_pattern: 'v.*',
  container_image_name_updates: 'container=app,tag=v2',
  env: 'NAME=value',
  expect_account: '111122223333',
  image: 'app=repository:v1',
  log_grace: '3s',
  overrides: '{"containerOverrides": [{"name": "app", "command": ["migrate"]}]}',
  poll_interval: '5s',
  remove_env: 'NAME',
  remove_secret: 'NAME',
  request_timeout: '20s',
  retry_capacity: '5m',
  role_arn: 'arn:aws:iam::111122223333:role/deploy',
  secret: 'NAME=/app/name',
  security_groups: 'sg-0a1b2c3d',
  session_duration: '2h',
  subnets: 'subnet-0a1b2c3d',
  tag: 'team=web',
  task: 'fedcba9876543210fedcba9876543210',
  timeout: '90m',
  check_timeout: '30s',
  check_url: 'https://example.com/health',
  no_output_timeout: '45m',
  remote_docker_version: '20.10.24',
};

/** What a parameter needs beside itself, or instead of what `least` gives. */
const beside: Readonly<Record<string, YamlMap>> = {
  container: { command: 'migrate' },
  env: { command: 'migrate' },
  security_groups: { subnets: 'subnet-1' },
  assign_public_ip: { subnets: 'subnet-1' },
  cluster_name: { cluster: '' },
  task_definition_from_service: { task_definition: '' },
  container_image_name_updates: { image: '' },
  'update_service_and_verify env': {},
  'service_update_and_notify env': {},
  'wait_for_task container': {},
  service_name: { service: '' },
  binfmt_version: { platform: 'linux/amd64,linux/arm64' },
  encryption_kms_key: { repo_encryption_type: 'KMS' },
  check_status: { check_url: 'https://example.com/health' },
  check_timeout: { check_url: 'https://example.com/health' },
  max_poll_attempts: { poll_interval: '5s' },
};

/** Values to try, each unlike the default. */
function values(element: Element, name: string): (string | number | boolean | YamlMap)[] {
  const { type, enum: words, default: fallback } = mapOf(mapOf(element.body.parameters, element.name)[name], name);
  if (type === 'boolean') return [fallback !== true];
  // The one value that it takes is its default; that others are refused has a test of its own.
  if (name === 'count') return [];
  if (name === 'action') return element.name === 'deploy_marker' ? ['update', 'log'] : ['rollback'];
  if (type === 'integer') return [Number(fallback) + 5];
  if (type === 'enum')
    return [words ?? []]
      .flat()
      .filter((word) => word !== fallback && word !== least[element.name]?.[name])
      .map(String);
  if (type === 'executor') return [{ name: 'migrate-deploy/default', tag: '22.12' }];
  if (type === 'steps') return [{ run: { name: 'given', command: 'true' } }];
  if (name === 'tag' && element.name.includes('push')) return ['v1'];
  if (name === 'cluster' || name === 'task_definition' || name === 'repo') return [`some-${name}`];
  return [forms[name] ?? `some-${name}`];
}

const tries = elements.flatMap((element) =>
  Object.keys(mapOf(element.body.parameters, element.name)).flatMap((name) =>
    values(element, name).map((value): [string, string, unknown, Element] => [element.name, name, value, element]),
  ),
);

function expanded(element: Element, given: YamlMap) {
  const call = { ...least[element.name], ...given };
  const config =
    element.kind === 'jobs'
      ? bench.jobs([element.name, call])
      : bench.steps({ [`migrate-deploy/${element.name}`]: call });
  const [job] = bench.expand(config).workflows[0]?.jobs ?? [];
  return { settings: job?.job?.settings, steps: job?.job?.steps ?? [] };
}

/** The option errors that the program would tell of these steps. */
async function errorsOf(steps: readonly { body: YamlMap }[]): Promise<string[]> {
  const environments = steps
    .map(({ body }) => environmentOf(body.environment))
    .filter((env) => env.ORB_SUBCOMMAND !== undefined);
  expect(environments.length).toBeGreaterThan(0);
  const all = await Promise.all(
    environments.map(async (env) => {
      const program = await commands.find(({ name }) => name === env.ORB_SUBCOMMAND)?.load();
      return (
        (
          await program?.prepare(typed({}), {
            env: { ...env, CIRCLE_SHA1: 'abc', BASH_ENV: 'bash-env', HOME: '/home/circleci' },
            files: memoryFiles(),
          })
        )?.errors ?? ['no such command']
      );
    }),
  );
  return all.flat();
}

describe('every parameter is live', () => {
  it.each(tries)('%s %s: %j', async (_element, name, value, element) => {
    const given = {
      ...(beside[`${element.name} ${name}`] ?? beside[name]),
      [name]: name === 'auth' ? [value] : value,
    } as YamlMap;
    const { [name]: _own, ...without } = given;
    const now = expanded(element, given);
    const before = mapOf(element.body.parameters, element.name)[name];
    const isRequired = mapOf(before, name).default === undefined && least[element.name]?.[name] === undefined;
    if (!isRequired) expect(now, 'it changes nothing').not.toEqual(expanded(element, without));
    expect(await errorsOf(now.steps)).toEqual([]);
  });
});
