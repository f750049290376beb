import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commands } from '../src/commands/index.ts';
import { type Bundle, bundle } from './bundle/bundle.ts';
import { licenseTexts } from './bundle/licenses.ts';
import { type BundledPackage, packagesOf } from './bundle/packages.ts';
import { swapFiles, swapsOfTheCommandLine, swapsOfTheOrb } from './bundle/swaps.ts';
import { withoutHelp } from './bundle/without-help.ts';
import { commandsOfTheOrb } from './orb/commands.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What a build left: the command line's program, the orb's, and what each is made of. */
export interface Built {
  file: string;
  orbFile: string;
  program: Bundle;
  orbProgram: Bundle;
  /** The packages that something of either came from. */
  packages: BundledPackage[];
}

/**
 * Writes dist/migrate-deploy.cjs (everything in one file; Node starts CommonJS faster), one runnable .mjs file per script
 * beside it, and dist/orb/migrate-deploy.cjs: the same source without what no job of the orb calls.
 */
export async function buildBundle(outFolder = join(root, 'dist')): Promise<Built> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const inOrb = await commandsOfTheOrb(join(root, 'orb'));
  const leftOut = commands.map(({ name }) => name).filter((name) => !inOrb.includes(name));
  const program = await bundle({
    entry: join(root, 'src/start.ts'),
    define: { MIGRATE_DEPLOY_VERSION: version },
    plugins: [swapFiles(swapsOfTheCommandLine)],
  });
  const orbProgram = await bundle({
    entry: join(root, 'scripts/orb/start.ts'),
    define: { MIGRATE_DEPLOY_VERSION: version, MIGRATE_DEPLOY_LEFT_OUT: leftOut },
    plugins: [swapFiles(swapsOfTheOrb), withoutHelp(leftOut)],
  });
  const file = join(outFolder, 'migrate-deploy.cjs');
  const orbFile = join(outFolder, 'orb/migrate-deploy.cjs');
  await mkdir(dirname(orbFile), { recursive: true });
  await replace(file, program.code, 0o755);
  await replace(orbFile, orbProgram.code, 0o755);
  const packages = await packagesOf([...program.modules.keys(), ...orbProgram.modules.keys()]);
  await replace(join(outFolder, 'THIRD_PARTY_LICENSES.txt'), licenseTexts(packages), 0o644);
  const inOrbProgram = await packagesOf([...orbProgram.modules.keys()]);
  await replace(join(outFolder, 'orb/THIRD_PARTY_LICENSES.txt'), licenseTexts(inOrbProgram), 0o644);
  await replace(join(outFolder, 'migrate-deploy.mjs'), script(''), 0o755);
  for (const { name } of commands) {
    await replace(join(outFolder, `${name}.mjs`), script(`process.argv.splice(2, 0, '${name}');\n`), 0o755);
  }
  return { file, orbFile, program, orbProgram, packages };
}

/** A file that runs the program; not by import, for which Node would search all of it for names. */
const script = (first: string): string =>
  `#!/usr/bin/env node\n${first}process.getBuiltinModule('node:module').createRequire(import.meta.url)('./migrate-deploy.cjs');\n`;

/** Puts a file in its place at once: whoever runs the old one meanwhile never sees half of the new one. */
async function replace(path: string, contents: string, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents, { mode });
  await rename(temporary, path);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { program, orbProgram } = await buildBundle();
  const kib = ({ code }: Bundle): string => `${Math.round(code.length / 1024)} KiB`;
  console.log(`dist/migrate-deploy.cjs: ${kib(program)}\ndist/orb/migrate-deploy.cjs: ${kib(orbProgram)}`);
}
