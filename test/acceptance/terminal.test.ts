import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test } from 'vitest';
import { type Served, serve } from '../../local/aws/http.ts';
import { bundlePath } from '../../scripts/run-bundle.ts';
import { splitWords } from '../../src/base/words.ts';
import { registry, rolloutWorld } from '../rollout/rollout-world.ts';
import { hasTool } from '../support/needs-tool.ts';

const hasPython = hasTool({ name: 'python3', probe: ['python3', '--version'], install: 'apt-get install python3' });
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

/** A rollout on a terminal: what appeared, piece by piece, and the exit code. */
async function rollOut(args: readonly string[], env: Record<string, string> = {}, shell?: string) {
  const { model } = await rolloutWorld();
  const served = await serve(model);
  open.push(served);
  const command = ['--import', preload, bundlePath, 'update-service-and-verify', '--cluster', 'prod', ...args];
  const program =
    shell === undefined ? [process.execPath, ...command] : ['sh', '-c', shell, process.execPath, ...command];
  const child = spawn('python3', ['-c', onTerminal, ...program], {
    env: { PATH: process.env.PATH ?? '', TERM: 'xterm', ...served.env, LOCAL_AWS_CONTROL: served.url, ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [seen, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { seen, errors, exitCode: await ended };
}
/** What stands on the terminal in the end: the few sequences that are sent are obeyed. */
function screenOf(seen: string): string[] {
  const rows = [''];
  let at = 0;
  for (const [piece] of seen.matchAll(/\u001b\[[?\d;]*[A-Za-z]|\r\n|[^\u001b\r\n]+/g)) {
    if (piece === '\r\n') at += 1;
    else if (piece.endsWith('A') && piece.startsWith('\u001b')) at -= 1;
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
    expect(screen).toContain('web serves web:2 after 1m 30s.');
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
    const { seen, exitCode } = await rollOut(args, env);
    expect(exitCode).toBe(0);
    expect(seen).toContain('web:2 is deployed');
    expect(seen).not.toMatch(redraws);
    expect(seen).not.toMatch(spinner);
  });

  test('no live line and no colour with NO_COLOR=1 … | cat', async () => {
    const { seen, exitCode } = await rollOut(image, { NO_COLOR: '1' }, '"$0" "$@" | cat');
    expect(exitCode).toBe(0);
    expect(seen).toContain('web serves web:2');
    expect(seen).not.toContain('\u001b');
  });
});
