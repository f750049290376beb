import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle/bundle.ts';
import { type Swaps, swapFiles, swapsOfTheOrb } from '../../scripts/bundle/swaps.ts';
import { root } from '../orb/support.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-endpoints-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const clients = ['ecs', 'ecr', 'sts', 'cloudwatch-logs'];
const packages = join(root, 'node_modules/@aws-sdk');

/** Tells for each client, region and switch which address the SDK asks, or why it asks none. */
const program = `
${clients.map((client, index) => `import { defaultEndpointResolver as resolve${index} } from '${packages}/client-${client}/dist-es/endpoint/endpointResolver.js';`).join('\n')}
const regions = process.argv[2].split(',');
for (const [index, resolve] of [${clients.map((_, index) => `resolve${index}`).join(', ')}].entries()) {
  for (const Region of [...regions, undefined]) {
    for (const UseFIPS of [false, true]) {
      for (const UseDualStack of [false, true]) {
        for (const Endpoint of [undefined, 'http://127.0.0.1:4566/base', { url: new URL('https://aws.test') }]) {
          let answer;
          try {
            answer = resolve({ Region, UseFIPS, UseDualStack, UseGlobalEndpoint: false, Endpoint });
          } catch (error) {
            answer = error.message;
          }
          console.log(JSON.stringify([index, Region, UseFIPS, UseDualStack, Endpoint, answer, answer.url?.href]));
        }
      }
    }
  }
}
`;

async function addresses(swaps: Swaps, regions: readonly string[]): Promise<string[]> {
  const entry = join(folder, 'entry.mjs');
  await writeFile(entry, program);
  const { code } = await bundle({ entry, define: {}, plugins: [swapFiles(swaps)] });
  const file = join(folder, 'program.cjs');
  await writeFile(file, code);
  const { stdout, stderr } = spawnSync(process.execPath, [file, regions.join(',')], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  expect(stderr).toBe('');
  return stdout.trim().split('\n');
}

it('the orb’s program asks the addresses that the SDK asks, in every region and partition, there or not yet', async () => {
  const { partitionsInfo } = (await import(
    `${packages}/core/dist-es/submodules/client/util-endpoints/lib/aws/partitions.js`
  )) as { partitionsInfo: { partitions: { regions: object }[] } };
  const known = partitionsInfo.partitions.flatMap(({ regions }) => Object.keys(regions));
  const regions = [...known, 'eu-west-77', 'us-gov-north-9', 'cn-south-5', 'us-iso-north-1', 'mars-one-1', 'nowhere'];
  const swaps = Object.fromEntries(Object.entries(swapsOfTheOrb).filter(([file]) => /endpoint/i.test(file)));
  expect(Object.keys(swaps).length).toBeGreaterThan(3);
  const asked = await addresses(swaps, regions);
  expect(asked.filter((line) => line.includes('amazonaws.com')).length).toBeGreaterThan(200);
  expect(asked).toEqual(await addresses({}, regions));
});
