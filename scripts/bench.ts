import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants } from 'node:zlib';
import { serve } from '../local/aws/http.ts';
import { LocalAws } from '../local/aws/local-aws.ts';
import { runBundle } from './run-bundle.ts';

const bundle = fileURLToPath(new URL('../dist/migrate-deploy.mjs', import.meta.url));
const rounds = 11;

/** Prints what the built bundle costs: its size, its start, and the requests of long waits (in virtual time). */
async function bench(): Promise<void> {
  const bytes = readFileSync(bundle);
  const packed = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 },
  });
  row('bundle', `${kib(bytes.length)}, ${kib(Math.ceil((packed.length * 4) / 3))} in the orb (brotli, base64)`);
  row('node -e 0', startMs(['-e', '0']));
  row('--version', startMs([bundle, '--version']));
  row('run-migration-task --help', startMs([bundle, 'run-migration-task', '--help']));
  row('options refused', startMs([bundle, 'run-migration-task', '--nope']));
  for (const minutes of [1, 10, 45]) await migration(minutes);
}

async function migration(minutes: number): Promise<void> {
  const model = new LocalAws();
  model.clusters.create('bench');
  model.logs.createGroup('/bench', model.world.region);
  model.taskDefinitions.register({
    family: 'bench',
    containerDefinitions: [
      {
        name: 'app',
        image: 'app:1',
        memory: 128,
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/bench', 'awslogs-region': model.world.region, 'awslogs-stream-prefix': 'app' },
        },
      },
    ],
  });
  model.settings.containerInstances.bench = 1;
  model.behaviours.script(
    {},
    {
      runMs: minutes * 60_000,
      exitCode: 0,
      logs: Array.from({ length: minutes * 6 }, (_, index) => ({ atMs: index * 10_000, message: `line ${index}` })),
    },
  );
  const served = await serve(model);
  const startedMs = performance.now();
  const startedAtMs = model.clock.now();
  const { exitCode, stderr } = await runBundle(
    [
      'run-migration-task',
      '--cluster',
      'bench',
      '--task-definition',
      'bench',
      '--launch-type',
      'EC2',
      '--command',
      'migrate',
      '--exclusive',
      'ignore',
    ],
    { env: served.env, control: served.url },
  );
  await served.close();
  if (exitCode !== 0) throw new Error(`the migration of ${minutes} minutes ended with ${exitCode}: ${stderr}`);
  const exitedAtMs = Math.max(...model.truth.runs.map(({ stoppedAtMs = 0 }) => stoppedAtMs));
  const noticed = ((model.clock.now() - exitedAtMs) / 1_000).toFixed(1);
  const total = (model.clock.now() - startedAtMs) / 60_000;
  row(
    `a migration of ${minutes} min`,
    `${model.requests.length} requests (${(model.requests.length / total).toFixed(1)} a minute), done ${noticed} s after the exit; ${Math.round(performance.now() - startedMs)} ms of real time`,
  );
}

function startMs(args: string[]): string {
  const times = Array.from({ length: rounds }, () => {
    const beganMs = performance.now();
    spawnSync(process.execPath, args, { stdio: 'ignore' });
    return performance.now() - beganMs;
  }).sort((a, b) => a - b);
  return `${Math.round(times[Math.floor(rounds / 2)] ?? 0)} ms (median of ${rounds})`;
}

const kib = (count: number): string => `${Math.round(count / 1024)} KiB`;
const row = (name: string, value: string): void => console.log(`${name.padEnd(28)} ${value}`);

await bench();
