import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));

/** What each planted file says, and the rule that refuses it; undefined for what is allowed. */
const planted: Readonly<Record<string, readonly [source: string, rule: string | undefined]>> = {
  'src/commands/deploy.ts': ["export { a } from '../rollout/down.ts';", undefined],
  'src/rollout/down.ts': ["export { a } from '../task/verdict.ts';", undefined],
  'src/task/verdict.ts': ['export const a = 1;', undefined],
  'src/rollout/up.ts': ["export { a } from '../commands/deploy.ts';", 'rollout/ imports upwards'],
  'src/rollout/awaited.ts': ["export const b = () => import('../commands/deploy.ts');", 'rollout/ imports upwards'],
  'src/rollout/type.ts': ["import type { a } from '../commands/deploy.ts';\nexport type B = typeof a;", undefined],
  'src/rollout/types.ts': ["import { type a } from '../commands/deploy.ts';\nexport type B = typeof a;", undefined],
  'src/migrate/aside.ts': ["export { a } from '../rollout/down.ts';", 'migrate/ imports upwards'],
  'src/base/up.ts': ["export { a } from '../task/verdict.ts';", 'base/ imports upwards'],
  'src/cellar/place.ts': ["export { a } from '../task/verdict.ts';", 'a new place in src/ needs a row'],
  'src/task/ecs.ts': ["export { ECSClient } from '@aws-sdk/client-ecs';", '@aws-sdk/ outside of aws/'],
  'src/aws/ecs.ts': ["export { ECSClient } from '@aws-sdk/client-ecs';", undefined],
  'src/aws/task.ts': ["export { a } from '../task/verdict.ts';", 'aws/ imports upwards'],
  'src/options/mixed.ts': [
    "import yargs, { type Argv } from 'yargs';\nexport const b = (): Argv => yargs();",
    'yargs/ outside of options/parse.ts',
  ],
  'src/report/page.ts': ["export { parse } from 'ajv';", 'a package that src/ has no place for'],
  'src/report/file.ts': ["export { readFile } from 'node:fs/promises';", 'Node outside of the edge'],
  'src/task/hash.ts': [
    "export { createHash } from 'node:crypto';",
    'node:crypto outside of migrate/identity.ts, records/records.ts, records/slack-message.ts',
  ],
  'src/node.ts': ["export { readFile } from 'node:fs/promises';", undefined],
  'src/task/model.ts': ["export { world } from '../../local/world.ts';", 'src/ leaves itself'],
  'src/diagnosis/one.ts': ["export { two } from './two.ts';\nexport const one = 1;", 'a cycle'],
  // A cycle is told once.
  'src/diagnosis/two.ts': ["export { one } from './one.ts';\nexport const two = 2;", undefined],
  'local/world.ts': ['export const world = 1;', undefined],
  'local/guest.ts': [
    "import type { a } from '../src/task/verdict.ts';\nexport type B = typeof a;",
    'local/ leaves itself',
  ],
  'scripts/bench.ts': ["export { t } from '../test/t.ts';", 'scripts/ imports tests'],
  'test/t.ts': ['export const t = 1;', undefined],
};

let folder: string;
let found: { from: string; rule: { name: string } }[];
let cruised: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-table-'));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, [source]] of Object.entries(planted)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${source}\n`);
  }
  const cli = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = join(root, '.dependency-cruiser.mjs');
  const { stdout } = spawnSync(process.execPath, [cli, '--config', config, '-T', 'json', 'src', 'scripts', 'local'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const { modules, summary } = JSON.parse(stdout);
  cruised = modules.map(({ source }: { source: string }) => source);
  found = summary.violations;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(Object.entries(planted))('%s', (path, [, rule]) => {
  expect(cruised).toContain(path);
  expect(found.filter(({ from }) => from === path).map(({ rule: { name } }) => name)).toEqual(
    rule === undefined ? [] : [rule],
  );
});
