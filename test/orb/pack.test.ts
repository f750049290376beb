import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOrb, compiledLimitBytes, expandConfig } from '../../local/circleci/expand.ts';
import { mapOf, readYaml } from '../../local/circleci/yaml.ts';
import { installer, orbBundle, pack, partCount, partLimitBytes, payloadLimitBytes } from '../../scripts/orb/bundle.ts';
import { packFolder } from '../../scripts/orb/pack.ts';
import { packOrb } from '../../scripts/pack-orb.ts';
import { hasTool } from '../support/needs-tool.ts';
import { unpack } from '../support/unpack.ts';
import { orbFolder, root } from './support.ts';

const partsOf = (files: Map<string, string>) =>
  Array.from({ length: partCount }, (_, index) => files.get(`bundle/${index}.b85`) ?? '');
const isRoot = hasTool({ name: 'root', probe: ['sh', '-c', 'test "$(id -u)" = 0'], install: 'run as root' });

let folder = '';
let built = Buffer.alloc(0);
/** The files that the orb includes; packed once, because that takes seconds. */
let bundle = new Map<string, string>();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-pack-'));
  built = await readFile(join(root, 'dist/orb/migrate-deploy.cjs'));
  bundle = orbBundle(built, '1.2.3', '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the program inside the orb', () => {
  it('comes back byte for byte from its parts', () => {
    expect(bundle.get('bundle/id.txt')).toBe(`1.2.3-${createHash('sha256').update(built).digest('hex')}`);
    expect(unpack(bundle.get('bundle/id.txt') ?? '', partsOf(bundle), folder).equals(built)).toBe(true);
  });

  it.each([1, 2, 3, 4, 50, 51, 52, 53])(
    'comes back whatever its length leaves in the last group: %i bytes',
    (length) => {
      const program = randomBytes(length);
      const files = orbBundle(program, '1.2.3', '');
      expect(unpack(files.get('bundle/id.txt') ?? '', partsOf(files), folder).equals(program)).toBe(true);
    },
  );

  it('what is packed is alike on every run, and shorter than by brotli', () => {
    expect(pack(built).equals(pack(built))).toBe(true);
    expect(pack(built).length).toBeLessThan(brotliCompressSync(built).length * 0.95);
  });

  it.skipIf(!hasTool({ name: 'pyppmd', probe: ['python3', '-c', 'import pyppmd'], install: 'pip install pyppmd' }))(
    'what is packed is PPMd of variant H and order 16, which others unpack too',
    () => {
      const script =
        'import hashlib, pyppmd, sys; packed = sys.stdin.buffer.read(); length = int.from_bytes(packed[:4], "big"); ' +
        'print(hashlib.sha256(pyppmd.Ppmd7Decoder(16, 1 * 2 ** 28).decode(packed[4:], length)).hexdigest())';
      const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: pack(built), encoding: 'utf8' });
      expect([stdout.trim(), stderr]).toEqual([createHash('sha256').update(built).digest('hex'), '']);
    },
  );

  it.each([
    ['one byte again and again', Buffer.alloc(70_000, 'a')],
    ['every byte', Buffer.from(Array.from({ length: 5_000 }, (_, index) => (index * index) % 256))],
    ['what no guess helps with', randomBytes(30_000)],
    ['few bytes in changing company', Buffer.from(Array.from(randomBytes(60_000), (byte) => 97 + (byte % 3)))],
    ['text of which the later half is new', Buffer.concat([Buffer.from('abc '.repeat(9_000)), randomBytes(3_000)])],
  ])('%s comes back', (_what, program) => {
    const files = orbBundle(program, '1.2.3', '');
    expect(unpack(files.get('bundle/id.txt') ?? '', partsOf(files), folder).equals(program)).toBe(true);
  });

  it('whatever is damaged in the parts, the install step says so and ends', () => {
    const id = bundle.get('bundle/id.txt') ?? '';
    const whole = partsOf(bundle).join('');
    const at = (place: number): number => Math.floor(whole.length * place);
    const damaged = [
      '',
      'x',
      '%'.repeat(200),
      '~'.repeat(whole.length),
      whole.slice(0, at(0.5)),
      whole.slice(10),
      ...[0.001, 0.3, 0.9].map((place) => `${whole.slice(0, at(place))}}{|~${whole.slice(at(place) + 4)}`),
      randomBytes(60_000).toString('hex'),
    ];
    for (const text of damaged) {
      const parts = text.match(/.{1,30000}/g) ?? [''];
      expect(() => unpack(id, parts, mkdtempSync(join(folder, 'damaged-')))).toThrow(
        'The program in the orb is damaged.',
      );
    }
  });

  it('each part is one line below the limit of an environment variable, without what means something in YAML’s plain text, in double quotes or to CircleCI', () => {
    for (const text of partsOf(bundle)) {
      expect(text).toMatch(/^[!-~]+$/);
      expect(text).not.toMatch(/[!"#$':<\\`]/);
      expect(text.length).toBeLessThanOrEqual(partLimitBytes);
    }
  });

  it('is no larger than payloadLimitBytes, as it travels, with what unpacks it', () => {
    expect([...partsOf(bundle), installer()].join('').length).toBeLessThanOrEqual(payloadLimitBytes);
  });

  it('a program too large for the parts is refused', () => {
    expect(() => orbBundle(randomBytes(450_000), '1.2.3', '')).toThrow('orb/commands/install.yml includes 8');
  });

  it('install includes exactly the parts there are', async () => {
    const install = await readFile(join(orbFolder, 'commands/install.yml'), 'utf8');
    expect([...install.matchAll(/include\((bundle\/\d+\.b85)\)/g)].map(([, path]) => path)).toEqual(
      [...bundle.keys()].filter((path) => path.endsWith('.b85')),
    );
  });
});

describe('the folder of the program', () => {
  const program = Buffer.from('console.log(1)');
  /** What is left of the program in a new folder, after these commands of a shell, and the mode of the folder. */
  const install = (before: string, version = '1.2.3'): { program: Buffer; mode: string } => {
    const files = orbBundle(program, version, '');
    const place = mkdtempSync(join(folder, 'place-'));
    const unpacked = unpack(files.get('bundle/id.txt') ?? '', partsOf(files), place, { before });
    return { program: unpacked, mode: (statSync(join(place, own)).mode & 0o777).toString(8) };
  };
  const own = `migrate-deploy-${userInfo().uid}`;
  const there = `own="$TMPDIR/${own}"; mkdir -m 755 "$own"`;

  it.each([
    ['the version may hold a dash', '', '1.0.0-rc.1'],
    ['a folder that others may read is closed to them', there, '1.2.3'],
    [
      'a draft that a killed step of the same number left is no obstacle',
      `${there}; : >"$own/$ORB_PROGRAM.cjs.$$"`,
      '1.2.3',
    ],
    ['a program that was half written is written again', `${there}; echo x >"$own/$ORB_PROGRAM.cjs"`, '1.2.3'],
  ])('%s', (_rule, before, version) => {
    expect(install(before, version)).toEqual({ program, mode: '700' });
  });

  it.each([
    [
      'something else in the place of the program',
      `${there}; mkdir "$own/$ORB_PROGRAM.cjs"`,
      'The program cannot be unpacked into its folder.',
    ],
    ['a file in the place of the folder', `: >"$TMPDIR/${own}"`, 'There is no folder for the program.'],
    ['TMPDIR that is not there and cannot be made', 'TMPDIR=/dev/null/x', 'There is no folder for the program.'],
  ])('%s is told, and is the user’s to correct', (_fault, before, what) => {
    let thrown: unknown;
    try {
      install(before);
    } catch (error) {
      thrown = error;
    }
    const { status, stderr } = thrown as { status: number; stderr: Buffer };
    expect(stderr.toString()).toMatch(new RegExp(`^Error: ${what}\n  Why: .+\n  Fix: .*TMPDIR`));
    expect(status).toBe(2);
  });

  it.runIf(isRoot)('one of another user is not trusted', () => {
    expect(() => install(`${there}; chown 1 "$own"`)).toThrow('cannot be trusted');
  });

  it('also a Node of long ago reads what unpacks, to say that it is too old', () => {
    // What Node 12 does not read yet: ?. and ??, assignments by operators, fields of classes, digits in groups.
    expect(installer()).not.toMatch(/\?\.(?!\d)|\?\?|\|\|=|&&=|\bstatic\b|#\w+[;=(]|\d_\d/);
  });
});

describe('packing', () => {
  const write = async (files: Record<string, string>) => {
    const orb = await mkdtemp(join(folder, 'orb-'));
    for (const [path, text] of Object.entries({ '@orb.yml': 'version: 2.1', ...files })) {
      await mkdir(dirname(join(orb, path)), { recursive: true });
      await writeFile(join(orb, path), text);
    }
    return orb;
  };
  const command = (text: string) => ({ 'commands/a.yml': `steps: [{run: {name: x, command: '${text}'}}]` });
  const packed = async (files: Record<string, string>) => JSON.stringify(await packFolder(await write(files)));

  it('an include is replaced by the file, with `<<` escaped', async () => {
    const text = await packed({ ...command('<<include(scripts/a.sh)>>'), 'scripts/a.sh': 'cat <<EOF\nx\nEOF\n' });
    expect(text).toContain(JSON.stringify('cat \\<<EOF\nx\nEOF\n').slice(1, -1));
  });

  it('spaces are allowed before the word, and the closing parenthesis may be missing', async () => {
    expect(await packed({ ...command('<< include(a.sh >>'), 'a.sh': 'true' })).toContain('"command":"true"');
  });

  it('an include must be the whole text', async () => {
    await expect(packed({ ...command('x <<include(a.sh)>>'), 'a.sh': '' })).rejects.toThrow('entire string');
    await expect(packed({ ...command('<<include(a.sh)>><<include(a.sh)>>'), 'a.sh': '' })).rejects.toThrow('multiple');
  });

  it('a file with `\\<<` is refused: it would come out changed', async () => {
    await expect(packed({ ...command('<<include(a.sh)>>'), 'a.sh': 'x \\<<' })).rejects.toThrow('a.sh holds \\<<');
  });

  it('examples are not searched for includes', async () => {
    expect(await packed({ 'examples/a.yml': "description: '<<include(a.sh)>>'" })).toContain('<<include(a.sh)>>');
  });

  it('YAML in other folders is refused', async () => {
    await expect(packed({ 'scripts/a.yml': 'x: 1' })).rejects.toThrow('scripts/a.yml');
    await expect(packed({ 'commands/deep/a.yml': 'x: 1' })).rejects.toThrow('commands/deep/a.yml');
  });

  it('--write-bundle leaves the parts where `circleci orb pack` finds them, and both pack alike', async () => {
    const orb = await write({
      ...command('true'),
      'commands/b.yml': "steps: [{run: {name: x, command: '<<include(bundle/0.b85)>>'}}]",
    });
    const bundleFile = join(root, 'dist/orb/migrate-deploy.cjs');
    const { text } = await packOrb({ orbFolder: orb, bundleFile, outFile: join(folder, 'x.yml'), writeBundle: true });
    expect(await packFolder(orb)).toEqual(readYaml(text));
  });
});

describe('the packed orb', () => {
  let text = '';
  beforeAll(async () => {
    ({ text } = await packOrb({ outFile: join(folder, 'orb.yml') }));
  });

  it('is an orb without fault: names, types, defaults, references', () => {
    const orb = checkOrb(text);
    expect([...orb.jobs.keys()]).toEqual([
      'build_image_and_push',
      'db_migrate_on_task_run',
      'service_update_and_notify',
    ]);
    expect([...orb.commands.keys()]).toEqual([
      'build_and_push_image',
      'continue_deployment',
      'deploy_marker',
      'install',
      'notify_slack',
      'report',
      'rollback_service',
      'run_migration_task',
      'status',
      'update_service_and_verify',
      'wait_for_task',
    ]);
    expect([...orb.orbs.keys()]).toEqual([]);
  });

  it('says the same to a reader of YAML 1.1 as its files do', () => {
    const orb = mapOf(readYaml(text), 'orb');
    const migrate = mapOf(mapOf(orb.commands, 'commands').run_migration_task, 'run_migration_task');
    const { exclusive } = mapOf(migrate.parameters, 'parameters');
    expect(mapOf(exclusive, 'exclusive').enum).toEqual(['wait', 'fail', 'ignore']);
  });

  it('holds nothing that the compiler would take for a template but parameters', () => {
    const bodies = [...text.matchAll(/(?<!\\)<<([^>]*)>>/g)].map(([, body = '']) => body.trim());
    const known = /^(parameters|matrix|pipeline\.(deploy|git))\.[a-z_]+$/;
    expect(bodies.filter((body) => !known.test(body))).toEqual([]);
  });

  it('twenty jobs with the program in each stay far below the limit of a compiled config', () => {
    const jobs = Array.from(
      { length: 20 },
      (_, index) => `{o/db_migrate_on_task_run: {name: n${index}, cluster: c, task_definition: t}}`,
    );
    const { compiled } = expandConfig(
      `{version: 2.1, orbs: {o: a/b@1}, workflows: {w: {jobs: [${jobs.join(', ')}]}}}`,
      {
        orbs: { o: text },
      },
    );
    expect(Buffer.byteLength(compiled)).toBeLessThan(compiledLimitBytes * 0.9);
  });
});
