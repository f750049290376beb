import { type Served, serve } from '../../local/aws/http.ts';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { runBundle } from '../run-bundle.ts';
import { awsCli, awsCliPath } from './aws-cli.ts';
import type { Row } from './table.ts';

const group = '/bench';

/** How long after the migration's end its verdict is known, and what it took to know it. */
export async function* migrations(): AsyncGenerator<Row> {
  for (const exitCode of [0, 1]) {
    for (const minutes of [1, 10, 45]) {
      const ours = await migration(minutes, exitCode, withBundle);
      const theirs = awsCliPath === undefined ? undefined : await migration(minutes, exitCode, withAwsCli);
      yield {
        what: `${minutes} min, exit code ${exitCode}`,
        ours,
        ...(theirs === undefined ? {} : { awsCli: theirs }),
      };
    }
  }
}

/** A cluster with a family `bench` of one container whose log goes to CloudWatch. */
export function migrationModel(): LocalAws {
  const model = new LocalAws();
  model.clusters.create('bench');
  model.logs.createGroup(group, model.world.region);
  const options = {
    'awslogs-group': group,
    'awslogs-region': model.world.region,
    'awslogs-stream-prefix': 'app',
  };
  model.taskDefinitions.register({
    family: 'bench',
    containerDefinitions: [
      { name: 'app', image: 'app:1', memory: 128, logConfiguration: { logDriver: 'awslogs', options } },
    ],
  });
  model.settings.containerInstances.bench = 1;
  // As on Fargate: what is stopped says why some seconds later.
  model.settings.stopCodeDelayMs = 10_000;
  return model;
}

/** The words that run its migration. */
export const migrationArgs = [
  'run-migration-task',
  ...['--cluster', 'bench', '--task-definition', 'bench', '--launch-type', 'EC2'],
  ...['--command', 'migrate', '--exclusive', 'ignore'],
];

async function migration(minutes: number, exitCode: number, run: (served: Served) => Promise<number>): Promise<string> {
  const model = migrationModel();
  const lines = Array.from({ length: minutes * 6 }, (_, index) => ({ atMs: index * 10_000, message: `line ${index}` }));
  model.behaviours.script({}, { runMs: minutes * 60_000, exitCode, logs: lines });
  const served = await serve(model);
  try {
    const ended = await run(served);
    const requests = `${model.requests.length} requests`;
    if (ended !== exitCode) {
      const afterMs = model.clock.now() - Math.min(...model.truth.runs.map(({ startedAtMs }) => startedAtMs));
      return `gave up ${Math.round(afterMs / 60_000)} min after the start (exit code ${ended}), ${requests}`;
    }
    const exitedAtMs = Math.max(...model.truth.runs.map(({ stoppedAtMs = Number.NaN }) => stoppedAtMs));
    return `${((model.clock.now() - exitedAtMs) / 1_000).toFixed(1)} s, ${requests}`;
  } finally {
    await served.close();
  }
}

async function withBundle({ env, url }: Served): Promise<number> {
  return (await runBundle(migrationArgs, { env, control: url })).exitCode ?? -1;
}

/** As scripts do it: start, wait, ask for the exit code; no log. */
async function withAwsCli(served: Served): Promise<number> {
  const at = ['--cluster', 'bench'];
  const task = ['--query', 'tasks[0].taskArn', '--output', 'text'];
  const started = await awsCli(served, ['ecs', 'run-task', ...at, '--task-definition', 'bench', ...task]);
  const tasks = ['--tasks', started.stdout.trim()];
  const waited = await awsCli(served, ['ecs', 'wait', 'tasks-stopped', ...at, ...tasks]);
  if (waited.exitCode !== 0) return waited.exitCode;
  const code = ['--query', 'tasks[0].containers[0].exitCode', '--output', 'text'];
  return Number((await awsCli(served, ['ecs', 'describe-tasks', ...at, ...tasks, ...code])).stdout);
}
