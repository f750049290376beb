import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { type Served, serve } from '../../local/aws/http.ts';
import type { LocalAws } from '../../local/aws/local-aws.ts';
import { splitWords } from '../../src/base/words.ts';
import { registry, rolloutWorld } from '../rollout/rollout-world.ts';
import { hasTool } from '../support/needs-tool.ts';
import { migrationWorld } from './migration-world.ts';

const hasPython = hasTool({ name: 'python3', probe: ['python3', '--version'], install: 'apt-get install python3' });
const program = fileURLToPath(new URL('../../dist/migrate-deploy.mjs', import.meta.url));
const programOfTheOrb = fileURLToPath(new URL('../../dist/orb/migrate-deploy.cjs', import.meta.url));
const preload = new URL('../../local/aws/time/virtual-time.mjs', import.meta.url).href;

/** Runs its arguments on a pseudo terminal of 80 columns and 24 rows, and prints what appears there. */
const onTerminal = `
import fcntl, os, pty, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    try:
        piece = os.read(master, 65536)
    except OSError:
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const open: Served[] = [];
afterEach(async () => {
  for (const served of open.splice(0)) await served.close();
});

interface Terminal {
  env?: Record<string, string>;
  /** Given the command line as $0 and $@. */
  shell?: string;
  file?: string;
}

/** A command on a terminal: what appeared there, and the exit code. */
async function onScreen(model: LocalAws, args: readonly string[], { env, shell, file = program }: Terminal = {}) {
  const served = await serve(model);
  open.push(served);
  const command = [process.execPath, '--import', preload, file, ...args];
  const all = shell === undefined ? command : ['sh', '-c', shell, ...command];
  const child = spawn('python3', ['-c', onTerminal, ...all], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...served.env, LOCAL_AWS_CONTROL: served.url, ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const seen = await text(child.stdout);
  return { seen, exitCode: await ended };
}

/** A rollout on a terminal. */
async function rollOut(args: readonly string[], terminal?: Terminal) {
  const { model } = await rolloutWorld();
  return onScreen(model, ['update-service-and-verify', '--cluster', 'prod', ...args], terminal);
}

/** What stands on the terminal in the end: the few sequences that are sent are obeyed. */
function screenOf(seen: string): string[] {
  const rows = [''];
  let at = 0;
  for (const [piece] of seen.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\r\n|[^\u001b\r\n]+/g)) {
    const [, count = '1', key] = /^\u001b\[(\d*)([ABK])$/.exec(piece) ?? [];
    if (piece === '\r\n') at += 1;
    else if (key === 'A') at -= Number(count);
    else if (key === 'B') at += Number(count);
    else if (piece === '\u001b[2K') rows[at] = '';
    else if (!piece.startsWith('\u001b')) rows[at] = (rows[at] ?? '') + piece;
    rows[at] ??= '';
  }
  return rows;
}

const image = ['--service', 'web', '--image', `${registry}/web:v2`];
/** What moves the cursor or erases: only a live line does. */
const redraws = /\u001b\[\d*[AGJK]/;
const spinner = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

describe.runIf(hasPython)('on a terminal of 80 columns', () => {
  test('a live line turns below the log, with the time and the tasks, and is gone in the end', async () => {
    const { seen, exitCode } = await rollOut(image);
    expect(exitCode).toBe(0);
    expect(seen).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (?:\d+m )?\d+s {2}web [012]\/2 running/);
    const screen = screenOf(seen);
    expect(screen.join('\n')).not.toMatch(spinner);
    expect(screen).toContainEqual(expect.stringMatching(/^web serves web:2 after 1m 3\ds\.$/));
    for (const row of screen) if (row.length > 80) expect(row.trim()).not.toContain(' ');
  });

  test('a command that is broken over rows can be copied', async () => {
    const screen = screenOf((await rollOut(image)).seen);
    const from = screen.findIndex((row) => row.includes('Undo with: '));
    const rows = screen.slice(from, from + 2);
    expect(rows[0]).toMatch(/ \\$/);
    const copied = rows.join('\n').replace('  Undo with: migrate-deploy', '').replaceAll('\\\n', '');
    expect(splitWords(copied)?.slice(1)).toEqual([
      ...['--region', 'eu-west-1', '--cluster', 'prod', '--service', 'web', '--to', 'web:1'],
    ]);
  });

  test.each([
    ['in CI', image, { CI: 'true' }],
    ['on CircleCI', image, { CIRCLECI: 'true' }],
    ['with --output json', [...image, '--output', 'json'], {}],
    ['on a terminal that cannot', image, { TERM: 'dumb' }],
  ])('no live line %s', async (_where, args, env) => {
    const { seen, exitCode } = await rollOut(args, { env });
    expect(exitCode).toBe(0);
    expect(seen).toContain('web:2 is deployed');
    expect(seen).not.toMatch(redraws);
    expect(seen).not.toMatch(spinner);
  });

  test('no live line and no colour with NO_COLOR=1 … | cat', async () => {
    const { seen, exitCode } = await rollOut(image, { env: { NO_COLOR: '1' }, shell: '"$0" "$@" | cat' });
    expect(exitCode).toBe(0);
    expect(seen).toContain('web serves web:2');
    expect(seen).not.toContain('\u001b');
  });

  test('the program of the orb draws none, wherever it runs', async () => {
    const { seen, exitCode } = await rollOut(image, { file: programOfTheOrb });
    expect(exitCode).toBe(0);
    expect(seen).not.toMatch(redraws);
    expect(seen).not.toMatch(spinner);
  });

  test('each line of the migration’s log is in the log once, in order, whatever stood below', async () => {
    const { model } = await migrationWorld();
    const messages = Array.from({ length: 40 }, (_, index) => `step ${index} 日本 ${'y'.repeat(index * 3)}`);
    const logs = messages.map((message, index) => ({ atMs: 1_000 + index * 1_500, message }));
    model.behaviours.script({}, { runMs: 62_000, exitCode: 1, logs });
    const place = ['--launch-type', 'FARGATE', '--subnets', 'subnet-1'];
    const migrate = ['run-migration-task', '--cluster', 'prod', '--task-definition', 'app', ...place];
    const { seen, exitCode } = await onScreen(model, [...migrate, '--', 'rails', 'db:migrate']);
    expect(exitCode).toBe(1);
    expect(seen).toMatch(/[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] (?:\d+m )?\d+s {2}task [0-9a-f]{8} RUNNING\r\n {2}\[app\] step/);
    const screen = screenOf(seen);
    const steps = screen.flatMap((row) => /^\[app\] (step \d+)/.exec(row)?.[1] ?? []);
    expect(steps).toEqual(messages.map((message) => message.split(' ').slice(0, 2).join(' ')));
    expect(screen.findIndex((row) => row.includes('ended with exit code 1'))).toBeGreaterThan(
      screen.findIndex((row) => row.includes('step 39')),
    );
    expect(screen.join('\n')).not.toMatch(spinner);
  });
});
