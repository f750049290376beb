import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listOf, mapOf, readYaml } from '../../local/circleci/yaml.ts';
import { buildBundle } from '../../scripts/build.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import { sha256, writeRelease } from '../../scripts/release.ts';
import { root } from '../orb/support.ts';

let folder = '';
let names: string[] = [];
let version = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-release-'));
  ({ version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string });
  names = await writeRelease(join(folder, 'first'));
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
const read = (name: string) => readFile(join(folder, 'first', name), 'utf8');

describe('a release', () => {
  it('holds the program, the orb for use by its address, what is inside, and the checksums of all', async () => {
    const files = ['.cdx.json', '.cjs'].map((ending) => `migrate-deploy-${version}${ending}`);
    expect(names).toEqual(['THIRD_PARTY_LICENSES.txt', ...files, `orb-${version}.yml`, 'SHA256SUMS']);
    const sums = (await read('SHA256SUMS')).trim().split('\n');
    for (const [index, line] of sums.entries()) {
      const name = names[index] ?? '';
      expect(line).toBe(`${await sha256(join(folder, 'first', name))}  ${name}`);
    }
  });

  it('is the same when it is made again in another folder', async () => {
    await writeRelease(join(folder, 'elsewhere/second'));
    expect(await readFile(join(folder, 'elsewhere/second/SHA256SUMS'), 'utf8')).toBe(await read('SHA256SUMS'));
  }, 120_000);

  it('lists each package of the bundle with version and licence', async () => {
    const { bomFormat, specVersion, metadata, components } = JSON.parse(await read(names[1] ?? ''));
    expect([bomFormat, specVersion, metadata.component.version]).toEqual(['CycloneDX', '1.6', version]);
    expect(metadata.component.hashes[0].content).toBe(await sha256(join(folder, 'first', names[2] ?? '')));
    expect(components).toContainEqual(
      expect.objectContaining({
        name: '@aws-sdk/client-ecs',
        purl: expect.stringMatching(/^pkg:npm\/%40aws-sdk\/client-ecs@\d/),
        licenses: [{ expression: 'Apache-2.0' }],
      }),
    );
    const licenses = await read('THIRD_PARTY_LICENSES.txt');
    for (const { name, version: own } of components) expect(licenses).toContain(`${name} ${own} (`);
  });

  it('the orb carries the licences of what is in its program, and prints them', async () => {
    const orb = mapOf(readYaml(await read(`orb-${version}.yml`)), 'orb');
    const { steps } = mapOf(mapOf(orb.commands, 'commands').install, 'install');
    const ifAsked = mapOf(mapOf(listOf(steps, 'steps').at(-1), 'the last step').when, 'when');
    const { command } = mapOf(mapOf(listOf(ifAsked.steps, 'steps')[0], 'step').run, 'run');
    const { stdout } = spawnSync('sh', ['-e'], { input: String(command), encoding: 'utf8' });
    expect(stdout).toMatch(/@aws-sdk\/client-ecs \d\S* \(Apache-2\.0\)/);
    expect(stdout).toContain('TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION');
    expect(stdout).toContain('jsonc-parser');
    expect(stdout).not.toContain('string-width');
  });

  it('the npm package holds the programs, the orb that check-config expands, their licences and nothing else, and runs', async () => {
    await buildBundle();
    await packOrb();
    const packed = spawnSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
    });
    const [{ filename, files }] = JSON.parse(packed.stdout || 'null') as [
      { filename: string; files: { path: string }[] },
    ];
    const known =
      /^(package\.json|README\.md|LICENSE|dist\/[a-z-]+\.[cm]js|dist\/(THIRD_PARTY_LICENSES\.txt|orb\.yml))$/;
    expect(files.filter(({ path }) => !known.test(path))).toEqual([]);
    expect(spawnSync('tar', ['xzf', filename], { cwd: folder }).status, packed.stderr).toBe(0);
    for (const name of ['migrate-deploy.mjs', 'migrate-deploy.cjs']) {
      const { stdout } = spawnSync('node', [join(folder, 'package/dist', name), '--version'], { encoding: 'utf8' });
      expect([name, stdout]).toEqual([name, `${version}\n`]);
    }
    const program = join(folder, 'package/dist/migrate-deploy.mjs');
    const generate = ['generate-config', '--name', 'shop', '--command', 'bin/migrate', '--write'];
    expect(spawnSync('node', [program, ...generate], { cwd: folder }).status).toBe(0);
    const checked = spawnSync('node', [program, 'check-config', '--branch', 'staging'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect([checked.status, checked.stderr]).toEqual([0, '']);
  }, 120_000);
});
