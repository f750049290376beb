import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../../examples/hoge', import.meta.url));
const scenarios = fileURLToPath(new URL('./scenarios', import.meta.url));

/** What is wrong with the commit that is pushed; `green` is a good one. */
export const scenarioNames = ['green', 'migration-fails', 'crash-loop'] as const;
export type Scenario = (typeof scenarioNames)[number];

/** The state of the example's repository before the push: one migration and one version back. */
export async function checkOutOldVersion(folder: string): Promise<void> {
  await copyExample(folder);
  await rm(join(folder, 'migrations/0002_create-ratings.sql'));
  await writeFile(
    join(folder, 'src/version.js'),
    "/** The version of this application. */\nexport const version = '1.0.0';\n",
  );
}

/** The state that is pushed: the example as it stands, with the scenario's files on top. */
export async function checkOutNewVersion(folder: string, scenario: Scenario, changed?: string): Promise<void> {
  await copyExample(folder);
  if (scenario !== 'green') await cp(join(scenarios, scenario), folder, { recursive: true });
  if (changed !== undefined) await cp(changed, join(folder, '.circleci/config.yml'));
}

async function copyExample(folder: string): Promise<void> {
  const isInstalled = /[/\\]node_modules([/\\]|$)/;
  await cp(example, folder, { recursive: true, filter: (path) => !isInstalled.test(path.slice(example.length)) });
}
