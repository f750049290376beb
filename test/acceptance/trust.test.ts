import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Finished } from '../../scripts/run-bundle.ts';
import { root } from '../orb/support.ts';
import { pipelineWorld } from './pipeline-world.ts';

/** What docs/trust.md claims. */

it('the orb’s program knows the addresses of four services of AWS, of the machine’s own credentials and of Slack', async () => {
  const program = await readFile(join(root, 'dist/orb/migrate-deploy.cjs'), 'utf8');
  const code = program.slice(program.indexOf('*/'));
  const hosts = [...code.matchAll(/https?:\/\/([\w.-]*\.[\w-]+|[\w.-]+\.\{Region\})/g)].map(([, host = '']) => host);
  const pages = ['a.co', 'docs.aws.amazon.com', 'github.com', 'react-native.canny.io', 'slack-status.com'];
  const inTexts = ['hooks.slack.com', 'oidc.circleci.com'];
  // What the SDK's own rules say in words of their own, names of policies among them.
  const ofAws =
    /^((api\.)?(ecs|ecr|logs|sts)(-fips)?(\.(\{Region\}|[\w-]*\.?amazonaws\.com))?|monitoring\.amazonaws\.com)$/;
  const others = new Set(hosts.filter((host) => !pages.includes(host) && !inTexts.includes(host) && !ofAws.test(host)));
  expect([...others].sort()).toEqual(['169.254.169.254', '169.254.170.2', 'slack.com']);
});

it('each stage writes what the table says, and nothing else', async () => {
  const world = await pipelineWorld();
  const writes = async (run: () => Promise<Finished>): Promise<string[]> => {
    world.model.requests.length = 0;
    const { exitCode, stderr } = await run();
    expect(exitCode, stderr).toBe(0);
    return world.model.requests
      .map(({ service, operation }) => `${service}:${operation}`)
      .filter((name) => !/:(Describe|List|Get|Batch(Get|Check)|Filter)/.test(name))
      .filter((name) => !name.startsWith('ecr:') || /Create|Put|Set|Delete/.test(name));
  };
  const at = ['--cluster', 'hoge-stg', '--service', 'hoge-apps-service-stg'];
  expect(await writes(() => world.build())).toEqual(['ecr:PutImage']);
  expect(await writes(() => world.migrate())).toEqual(['ecs:RegisterTaskDefinition', 'ecs:RunTask']);
  expect(await writes(() => world.deploy())).toEqual(['ecs:RegisterTaskDefinition', 'ecs:UpdateService']);
  for (const args of [
    ['status', ...at],
    ['notify-slack', '--record-dir', world.recordDir],
  ])
    expect(await writes(() => world.run(args))).toEqual([]);
  world.model.clock.advance(3_600_000);
  expect(await writes(() => world.run(['rollback-service', ...at]))).toEqual([
    'ecs:RegisterTaskDefinition',
    'ecs:UpdateService',
  ]);
});
