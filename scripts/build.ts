import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scriptNames = [
  'run-migration-task',
  'wait-for-task',
  'update-service-and-verify',
  'build-and-push-image',
  'notify-slack',
  'iam-policy',
];

/** Writes dist/migrate-deploy.mjs (everything in one file) and one runnable file per script beside it. */
export async function buildBundle(outFolder = join(root, 'dist')): Promise<{ file: string; bytes: number }> {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const file = join(outFolder, 'migrate-deploy.mjs');
  await mkdir(outFolder, { recursive: true });
  const { metafile } = await build({
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
  await chmod(file, 0o755);
  await writeFile(join(outFolder, 'THIRD_PARTY_LICENSES.txt'), await thirdPartyLicenses(Object.keys(metafile.inputs)));
  for (const name of scriptNames) {
    const script = join(outFolder, `${name}.mjs`);
    await writeFile(
      script,
      `#!/usr/bin/env node\nprocess.argv.splice(2, 0, '${name}');\nawait import('./migrate-deploy.mjs');\n`,
    );
    await chmod(script, 0o755);
  }
  return { file, bytes: (await stat(file)).size };
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
  await rm(join(root, 'dist'), { recursive: true, force: true });
  const { bytes } = await buildBundle();
  console.log(`dist/migrate-deploy.mjs: ${Math.round(bytes / 1024)} KiB`);
}
