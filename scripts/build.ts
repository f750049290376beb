import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { commands } from '../src/commands/index.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What no job of the orb calls: its program does without. */
const notInTheOrb: Plugin = {
  name: 'not-in-the-orb',
  setup: ({ onLoad }) => {
    onLoad(
      { filter: /[/\\]src[/\\](tools|commands[/\\](generate-config|check-config|doctor))\.ts$/ },
      async ({ path }) => {
        const names = [...(await readFile(path, 'utf8')).matchAll(/^export const (\w+Command)\b/gm)].map(
          ([, name]) => name,
        );
        return { contents: names.map((name) => `export const ${name} = { options: [], examples: [] };`).join('\n') };
      },
    );
  },
};

/**
 * Writes dist/migrate-deploy.mjs (everything in one file), one runnable file per script beside it, and
 * dist/orb/migrate-deploy.mjs, the program of the orb.
 */
export async function buildBundle(
  outFolder = join(root, 'dist'),
): Promise<{ file: string; orbFile: string; bytes: number }> {
  const whole = await bundle(join(outFolder, 'migrate-deploy.mjs'), []);
  const { file: orbFile } = await bundle(join(outFolder, 'orb/migrate-deploy.mjs'), [notInTheOrb]);
  await replace(join(outFolder, 'THIRD_PARTY_LICENSES.txt'), await thirdPartyLicenses(whole.inputs), 0o644);
  for (const { name } of commands) {
    const script = `#!/usr/bin/env node\nprocess.argv.splice(2, 0, '${name}');\nawait import('./migrate-deploy.mjs');\n`;
    await replace(join(outFolder, `${name}.mjs`), script, 0o755);
  }
  return { file: whole.file, orbFile, bytes: whole.bytes };
}

async function bundle(file: string, plugins: Plugin[]): Promise<{ file: string; bytes: number; inputs: string[] }> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  await mkdir(dirname(file), { recursive: true });
  const { metafile, outputFiles } = await build({
    write: false,
    plugins,
    metafile: true,
    entryPoints: [join(root, 'src/main.ts')],
    absWorkingDir: root,
    outfile: file,
    bundle: true,
    minify: true,
    keepNames: false,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    // The module builds tree-shake; the CommonJS ones do not, and are a third larger.
    mainFields: ['module', 'main'],
    legalComments: 'none',
    define: { MIGRATE_DEPLOY_VERSION: JSON.stringify(version) },
    banner: {
      // Some dependencies still call require(); ESM has none, and yargs takes the plain name.
      js: "#!/usr/bin/env node\nimport{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
    logLevel: 'warning',
  });
  const [made] = outputFiles;
  if (made === undefined) throw new Error('esbuild wrote nothing');
  await replace(file, made.contents, 0o755);
  return { file, bytes: made.contents.length, inputs: Object.keys(metafile.inputs) };
}

/** Puts a file in its place at once: whoever runs the old one meanwhile never sees half of the new one. */
async function replace(path: string, contents: string | Uint8Array, mode: number): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  await writeFile(temporary, contents, { mode });
  await rename(temporary, path);
}

/** The licence texts of every package that went into the bundle. */
async function thirdPartyLicenses(inputs: readonly string[]): Promise<string> {
  const folders = new Set(inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []));
  const parts = await Promise.all(
    [...folders].sort().map(async (folder) => {
      const { name, version, license } = JSON.parse(
        await readFile(join(root, folder, 'package.json'), 'utf8'),
      ) as Record<string, string>;
      const file = (await readdir(join(root, folder))).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
      const text =
        file === undefined
          ? `(${license}; the package carries no licence file)`
          : await readFile(join(root, folder, file), 'utf8');
      return `${name} ${version} (${license})\n\n${text.trim()}\n`;
    }),
  );
  return parts.join(`\n${'-'.repeat(80)}\n\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { bytes } = await buildBundle();
  console.log(`dist/migrate-deploy.mjs: ${Math.round(bytes / 1024)} KiB`);
}
