import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
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
  await build({
    entryPoints: [join(root, 'src/main.ts')],
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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await rm(join(root, 'dist'), { recursive: true, force: true });
  const { bytes } = await buildBundle();
  console.log(`dist/migrate-deploy.mjs: ${Math.round(bytes / 1024)} KiB`);
}
