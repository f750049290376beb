import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join, posix, relative } from 'node:path';
import { DockerError } from './docker-error.ts';

/** Files that a COPY may take: the build context, or the root file system of another stage. */
export interface Source {
  root: string;
  /** Paths below the root, files and folders, in order. */
  names: string[];
}

/** The build context, without what `.dockerignore` excludes. */
export function buildContext(root: string): Source {
  const ignore = existsSync(join(root, '.dockerignore')) ? readFileSync(join(root, '.dockerignore'), 'utf8') : '';
  const rules = ignore
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => ({ keep: line.startsWith('!'), pattern: patternOf(line.replace(/^!/, '')) }));
  const isIgnored = (name: string) =>
    rules.reduce((ignored, { keep, pattern }) => (pattern.test(name) ? !keep : ignored), false);
  return { root, names: namesBelow(root).filter((name) => !isIgnored(name)) };
}

/** Everything below a folder as the source of a COPY. */
export function everythingBelow(root: string): Source {
  return { root, names: namesBelow(root) };
}

function namesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

/** A pattern as `.dockerignore` and COPY write it, matching the path itself and all below it. */
function patternOf(pattern: string): RegExp {
  const body = posix
    .normalize(pattern)
    .replace(/^\/+|\/+$/g, '')
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('**/', '(?:.*/)?')
    .replaceAll(/(?<![.)])\*/g, '[^/]*')
    .replaceAll(/(?<!\()\?(?!:)/g, '[^/]');
  return new RegExp(`^${body}(?:/.*)?$`);
}

/** Copies what `sources` name from `from` into the root file system at `to`, by the rules of COPY. */
export function copy(from: Source, sources: string[], to: { root: string; path: string }): void {
  const isFolder = to.path.endsWith('/') || sources.length > 1 || isDirectory(join(to.root, to.path));
  for (const source of sources) {
    for (const name of matching(from, source)) {
      const target = join(to.root, to.path);
      if (isDirectory(join(from.root, name))) copyFolder(from, name, target);
      else copyFile(join(from.root, name), isFolder ? join(target, basename(name)) : target);
    }
  }
}

function matching(from: Source, source: string): string[] {
  const path = posix.normalize(source).replace(/^\/+|\/+$/g, '');
  if (path === '.' || path === '') return [''];
  if (!/[*?]/.test(path)) {
    if (from.names.includes(path)) return [path];
  } else {
    const depth = path.split('/').length;
    const found = from.names.filter((name) => name.split('/').length === depth && patternOf(path).test(name));
    if (found.length > 0) return found;
  }
  throw new DockerError(
    `COPY failed: file not found in build context or excluded by .dockerignore: stat ${path}: file does not exist`,
  );
}

function copyFolder(from: Source, folder: string, target: string): void {
  mkdirSync(target, { recursive: true });
  const inside = from.names.filter((name) => folder === '' || name.startsWith(`${folder}/`));
  for (const name of inside) {
    const destination = join(target, relative(folder, name));
    if (lstatSync(join(from.root, name)).isDirectory()) mkdirSync(destination, { recursive: true });
    else copyFile(join(from.root, name), destination);
  }
}

function copyFile(source: string, destination: string): void {
  mkdirSync(dirname(destination), { recursive: true });
  if (lstatSync(source).isSymbolicLink()) {
    rmSync(destination, { force: true });
    symlinkSync(readlinkSync(source), destination);
  } else {
    copyFileSync(source, destination);
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
