import { execFileSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesIn, rename } from '../../scripts/rename.ts';
import { root } from '../orb/support.ts';

const git = (cwd: string, ...args: string[]): string => execFileSync('git', args, { cwd, encoding: 'utf8' });
/** What `git grep` finds, or nothing. */
const found = (cwd: string, pattern: string): string[] => {
  try {
    return git(cwd, 'grep', '-nIE', pattern).trim().split('\n');
  } catch {
    return [];
  }
};

describe('a fork gets names of its own by one command', () => {
  let fork = '';
  const names = { orb: 'aardvark/ship', repository: 'aardvark-inc/ship-it' };
  beforeAll(async () => {
    fork = await mkdtemp(join(tmpdir(), 'migrate-deploy-fork-'));
    const files = git(root, 'ls-files', '-z').split('\0').filter(Boolean);
    const text = files.filter((file) => !/\.png$|^package-lock|rename\.test/.test(file));
    for (const file of text) await cp(join(root, file), join(fork, file), { recursive: true });
    git(fork, 'init', '--quiet');
    git(fork, 'add', '--all', '--force');
    await rename(fork, names);
  });
  afterAll(() => rm(fork, { recursive: true, force: true }));
  const read = (file: string) => readFile(join(fork, file), 'utf8');

  it('in every file: no placeholder is left', async () => {
    const { orb, repository } = await namesIn(root);
    expect(found(fork, `(^|[^[:alnum:]_./-])(${orb}|${repository})([^[:alnum:]_-]|$)`)).toEqual([]);
    expect(found(fork, `github\\.com/${dirname(repository)}/`)).toEqual([]);
    expect(await namesIn(fork)).toEqual(names);
  });

  it('the orb’s name and the repository’s each where they belong', async () => {
    expect(await read('orb/@orb.yml')).toContain('source_url: https://github.com/aardvark-inc/ship-it\n');
    expect(await read('orb/examples/run_migration_only.yml')).toContain('migrate-deploy: aardvark/ship@1\n');
    expect(await read('src/commands/generate-config.ts')).toContain("'aardvark/ship@1'");
    expect(await read('docs/policy/pin_migrate_deploy.rego')).toContain('"aardvark/ship"');
    expect(await read('.github/CODEOWNERS')).toContain('@aardvark-inc/ship-it');
    expect(JSON.parse(await read('package.json')).bugs).toBe('https://github.com/aardvark-inc/ship-it/issues');
  });

  it('and takes others later', async () => {
    await rename(fork, { orb: 'other/deploy', repository: 'someone/deploy' });
    expect(found(fork, 'aardvark')).toEqual([]);
  });
});
