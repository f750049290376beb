import { spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { awsCliPath } from './aws-cli.ts';
import { median, type Row } from './table.ts';

const rounds = 15;
const keys = {
  AWS_REGION: 'eu-west-1',
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIALOCALAWS00000000',
  AWS_SECRET_ACCESS_KEY: 'x',
};

/** A program and its words; whether it is watched to its end, or to its first request. */
interface Start {
  command: string;
  args: string[];
  until: 'end' | 'first request';
}

/** How long each kind of start takes, on this Node and on those that MIGRATE_DEPLOY_TEST_NODES names. */
export async function* starts(program: string): AsyncGenerator<Row> {
  const others = (process.env.MIGRATE_DEPLOY_TEST_NODES ?? '').split(':').filter((path) => path !== '');
  for (const node of [process.execPath, ...others]) {
    const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim();
    const with_ = (args: string[], until: Start['until'] = 'end'): Start => ({
      command: node,
      args: [program, ...args],
      until,
    });
    const wait = ['wait-for-task', '--cluster', 'c', '--task', '0'.repeat(32)];
    yield* compared(version, { command: node, args: ['-e', '0'], until: 'end' }, [
      ['`--version`', with_(['--version']), cli(['--version'])],
      ['`--help`', with_(['--help']), cli(['ecs', 'wait', 'help'])],
      ['a wrong option', with_(['run-migration-task', '--nope']), cli(['ecs', 'run-task', '--nope'])],
      [
        'the first request is on the wire',
        with_(wait, 'first request'),
        cli(['ecs', 'describe-tasks', '--tasks', 'x'], 'first request'),
      ],
    ]);
  }
}

const cli = (args: string[], until: Start['until'] = 'end'): Start | undefined =>
  awsCliPath === undefined ? undefined : { command: awsCliPath, args, until };

/** Each start right behind the empty one, round after round: a busy moment hits both. */
async function* compared(
  version: string,
  empty: Start,
  starts: readonly [string, Start, Start | undefined][],
): AsyncGenerator<Row> {
  for (const [what, ours, theirs] of starts) {
    const ratios: { ours: number[]; theirs: number[] } = { ours: [], theirs: [] };
    for (let round = 0; round < rounds; round++) {
      const emptyMs = await time(empty);
      ratios.ours.push((await time(ours)) / emptyMs);
      if (theirs !== undefined) ratios.theirs.push((await time(theirs)) / emptyMs);
    }
    const figure = (values: number[]): string => `${median(values).toFixed(1)} ×`;
    yield {
      what: `${what}, Node ${version}`,
      ours: figure(ratios.ours),
      ...(theirs === undefined ? {} : { awsCli: figure(ratios.theirs) }),
    };
  }
}

async function time({ command, args, until }: Start): Promise<number> {
  // With more certificates to load, Node's own start takes three times as long and hides what is measured.
  const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    return await new Promise<number>((resolve, reject) => {
      const beganMs = performance.now();
      const child = spawn(command, args, {
        stdio: ['ignore', 'ignore', 'ignore'],
        env: { ...env, ...keys, AWS_ENDPOINT_URL: endpoint, AWS_PAGER: '' },
      });
      let reachedMs: number | undefined;
      server.once('request', () => {
        reachedMs = performance.now() - beganMs;
        child.kill('SIGKILL');
      });
      child.once('error', reject);
      child.once('exit', () => {
        if (until === 'end') resolve(performance.now() - beganMs);
        else if (reachedMs === undefined) reject(new Error(`${command} ${args.join(' ')} sent no request`));
        else resolve(reachedMs);
      });
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
