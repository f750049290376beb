import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemFiles, systemProcesses } from '../src/node.ts';

const forever = 'setInterval(() => {}, 1e6);';
const node = (script: string, options: Parameters<typeof systemProcesses.run>[2]) =>
  systemProcesses.run(process.execPath, ['-e', script], options);

it('the silence of a program is told again and again, until it ends', async () => {
  const stop = new AbortController();
  const told: number[] = [];
  const tell = (silentMs: number): void => {
    told.push(silentMs);
    if (told.length === 3) stop.abort();
  };
  const { signal } = await node(forever, { silence: { afterMs: 5, tell }, signal: stop.signal });
  expect(signal).toBe('SIGTERM');
  expect(told.slice(0, 3)).toEqual([5, 10, 15]);
});

it('a line breaks the silence', async () => {
  const stop = new AbortController();
  const told: number[] = [];
  let spoke = false;
  const tell = (silentMs: number): void => {
    if (spoke) told.push(silentMs);
    if (told.length === 2) stop.abort();
  };
  const onLine = (): void => {
    spoke = true;
  };
  await node(`console.log('hello'); ${forever}`, { silence: { afterMs: 5, tell }, onLine, signal: stop.signal });
  expect(told.slice(0, 2)).toEqual([5, 10]);
});

it('a program that is started after the interrupt is ended at once', async () => {
  expect(await node(forever, { signal: AbortSignal.abort() })).toMatchObject({ code: undefined, signal: 'SIGTERM' });
});

it('a folder’s files are its files and links; what could be read for ever is left alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-node-'));
  try {
    await writeFile(join(folder, 'b.json'), '{}');
    await symlink(join(folder, 'b.json'), join(folder, 'a.json'));
    execFileSync('mkfifo', [join(folder, 'pipe.json')]);
    expect(await systemFiles.list(folder)).toEqual(['a.json', 'b.json']);
    expect(await systemFiles.list(join(folder, 'nowhere'))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
