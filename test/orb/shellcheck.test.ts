import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasTool } from '../support/needs-tool.ts';
import { orbFolder } from './support.ts';

const folder = join(orbFolder, 'scripts');
const files = readdirSync(folder).map((file) => join(folder, file));
const scripts = files.filter((file) => file.endsWith('.sh'));
const programs = files.filter((file) => file.endsWith('.cjs'));
const hasShellcheck = hasTool({
  name: 'shellcheck',
  probe: ['shellcheck', '--version'],
  install: 'apt-get install shellcheck',
});

describe('the orb’s scripts', () => {
  it.skipIf(!hasShellcheck)('pass shellcheck with everything turned on that warns', () => {
    const { status, stdout } = spawnSync('shellcheck', ['--severity=info', '--external-sources', ...scripts], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([0, '']);
  });

  it('are plain sh that parses, and stop at the first fault', () => {
    for (const script of scripts) {
      expect(spawnSync('dash', ['-n', script]).status).toBe(0);
      expect(spawnSync('grep', ['-qx', 'set -eu', script]).status, script).toBe(0);
    }
  });

  it('what Node runs of them parses', () => {
    expect([...scripts, ...programs].sort()).toEqual(files.sort());
    for (const program of programs) expect(spawnSync(process.execPath, ['--check', program]).status, program).toBe(0);
  });

  it('evaluate nothing, trace nothing, download nothing and hold no template', () => {
    for (const script of files) {
      const found = spawnSync('grep', ['-nE', '\\beval\\b|set -x|xtrace|curl|wget|npx?\\b|<<|parameters\\.', script], {
        encoding: 'utf8',
      });
      expect(found.stdout).toBe('');
    }
  });
});
