import { expect, test } from 'vitest';
import { runCli } from '../../src/cli.ts';
import { recordName } from '../../src/records/records.ts';
import { memoryFiles } from '../support/memory-files.ts';
import { ci, pipelines } from './outcomes.ts';

async function report(args: readonly string[], records: readonly object[] = pipelines.rolledBack, env = {}) {
  const files = memoryFiles();
  for (const one of records) files.contents.set(`deploy/${recordName(one as never)}`, JSON.stringify(one));
  const output = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTty: false,
    write: (text: string) => {
      output[name] += text;
    },
  });
  const exitCode = await runCli(['report', ...args], {
    env,
    files,
    clock: { now: () => 0, sleep: async () => undefined },
    interrupt: { signal: new AbortController().signal, name: () => 'SIGINT' },
    http: () => Promise.reject(new Error('no network is expected here')),
    processes: { run: () => Promise.reject(new Error('no process is expected here')) },
    version: '1.2.3',
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    connect: () => Promise.reject(new Error('AWS is not asked')),
  });
  return { exitCode, ...output, files: files.contents };
}
const all = ['--record-dir', 'deploy', '--html', 'out/a.html', '--markdown', 'out/a.md', '--junit', 'out/a.xml'];

test('writes each file that was asked for, from the records, and is green although the deployment is not', async () => {
  const { exitCode, stdout, files } = await report(all);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^Rolled back: .*\nWrote out\/a\.html\nWrote out\/a\.md\nWrote out\/a\.xml\n$/);
  expect(files.get('out/a.html')).toMatch(/^<!doctype html>\n<html lang="en">[\s\S]*migrate-deploy 1\.2\.3/);
  expect(files.get('out/a.xml')).toContain('<failure ');
});

test('the Markdown says verdict, line of the log, fix, stages and digests', async () => {
  const text = (await report(all)).files.get('out/a.md') ?? '';
  expect(text).toContain(
    '## ❌ Rolled back: The rollout of shop:42 to shop-web failed and was rolled back; shop:41 serves.',
  );
  expect(text).toContain('```text\nError: connect ECONNREFUSED 10.0.12.7:5432\n```');
  expect(text).toContain('- **Fix:** Check host and port of the database');
  expect(text).toContain('| rollout of shop-web | Rolled back | 4m 31s |');
  expect(text).toContain('✓ migrated shop:42 `sha256:ab12ab12ab12`');
});

test('hostile text ends no code block and begins no heading, link or tag in the Markdown', async () => {
  const [, , rolledBack] = pipelines.rolledBack;
  const line = '```\n# owned <img src=x> [x](javascript:alert(1))';
  const one = { ...rolledBack, failedTasks: [], logFinding: { container: 'a', line }, notes: [], service: '<b>|x' };
  const text =
    (await report(all, [{ ...one, explanation: { code: 'X', cause: line, fix: line } }])).files.get('out/a.md') ?? '';
  expect(text).toContain('````text\n```\n# owned');
  expect(text).toContain('\\<b\\>\\|x');
  expect(text.replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, '')).not.toMatch(/^# |(?<!\\)<img|(?<!\\)\[x/m);
});

test('the facts of the job that makes the report win over those of the records', async () => {
  const { files } = await report(all, pipelines.green, { CIRCLE_SHA1: ci.commit, CIRCLE_USERNAME: 'somebody' });
  expect(files.get('out/a.html')).toContain('By <b>somebody</b>');
});

test('without any record the files say so: a job that failed before its first record fails once', async () => {
  const { exitCode, stdout } = await report(all, []);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('No stage has left a record so far.');
});

test.each([
  [['--record-dir', 'deploy'], '--html, --markdown or --junit is missing'],
  [['--html', 'a.html'], '--record-dir is missing'],
])('%j is an option error', async (args, error) => {
  const { exitCode, stderr } = await report(args);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(error);
});

test('a dry run writes nothing', async () => {
  const { exitCode, files } = await report([...all, '--dry-run']);
  expect(exitCode).toBe(0);
  expect([...files.keys()].filter((path) => path.startsWith('out/'))).toEqual([]);
});
