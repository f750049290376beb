import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const example = fileURLToPath(new URL('../../../examples/hoge', import.meta.url));

/**
 * Makes `node:22-slim` out of this machine's own Node, npm and shell, because the engine of a test reaches no registry.
 * The example's packages are in its npm cache, and npm is told to ask nobody for others.
 */
export function importBaseImage(docker: (args: string[]) => void): void {
  const root = mkdtempSync(join(tmpdir(), 'base-image-'));
  try {
    const programs = { node: process.execPath, sh: '/bin/sh', env: '/usr/bin/env' };
    for (const [name, path] of Object.entries(programs)) addProgram(root, name, realpathSync(path));
    addNpm(root);
    const archive = `${root}.tar`;
    execFileSync('tar', ['-C', root, '-cf', archive, '.']);
    docker(['import', '--change', 'ENV PATH=/usr/bin:/bin', '--change', 'ENV HOME=/root', archive, 'node:22-slim']);
    rmSync(archive);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function addProgram(root: string, name: string, path: string): void {
  place(root, path, join('/usr/bin', name));
  const listing = execFileSync('ldd', [path], { encoding: 'utf8' });
  for (const [, library = ''] of listing.matchAll(/(\/\S+) \(0x/g)) place(root, realpathSync(library), library);
}

function place(root: string, source: string, target: string): void {
  mkdirSync(join(root, dirname(target)), { recursive: true });
  copyFileSync(source, join(root, target));
}

function addNpm(root: string): void {
  const modules = execFileSync('npm', ['root', '--global'], { encoding: 'utf8' }).trim();
  cpSync(join(modules, 'npm'), join(root, 'usr/lib/node_modules/npm'), { recursive: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/bin/npm'));
  symlinkSync('usr/bin', join(root, 'bin'));
  for (const folder of ['tmp', 'root']) mkdirSync(join(root, folder));
  writeFileSync(join(root, 'root/.npmrc'), 'cache=/npm-cache\noffline=true\nupdate-notifier=false\n');
  const project = join(root, 'project');
  cpSync(example, project, { recursive: true, filter: (path) => !path.includes('node_modules') });
  execFileSync('npm', ['ci', '--ignore-scripts', '--cache', join(root, 'npm-cache')], {
    cwd: project,
    stdio: 'ignore',
  });
  rmSync(project, { recursive: true });
}
