import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { ScaledClock } from '../clock.ts';
import type { TaskRecord } from '../ecs/records.ts';
import { LocalAws } from '../local-aws.ts';
import { hurriedTimings } from '../settings.ts';
import { ProcessContainers } from './process-containers.ts';

const containers = new ProcessContainers({
  command: ({ image, command, environment }) =>
    image.startsWith('shell')
      ? { argv: ['/bin/sh', '-c', command.join(' ')], cwd: '/', env: { PATH: process.env.PATH ?? '', ...environment } }
      : undefined,
});
afterEach(() => containers.stopAll());

function launch(command: string, overrides: object = {}, serviceName?: string): { model: LocalAws; task: TaskRecord } {
  const model = new LocalAws({ clock: new ScaledClock(1), settings: { timings: hurriedTimings(0.002) } });
  model.tasks.launcher = containers;
  model.logs.createGroup('/ecs/app');
  const taskDefinition = model.taskDefinitions.register({
    family: 'app',
    containerDefinitions: [
      {
        name: 'app',
        image: 'shell:1',
        command: [command],
        environment: [
          { name: 'FROM', value: 'definition' },
          { name: 'KEPT', value: 'kept' },
        ],
        logConfiguration: {
          logDriver: 'awslogs',
          options: { 'awslogs-group': '/ecs/app', 'awslogs-stream-prefix': 'app', 'awslogs-region': 'eu-west-1' },
        },
      },
    ],
  });
  const spec = { cluster: 'default', taskDefinition, group: 'family:app', launchType: 'EC2', overrides };
  const task = model.tasks.launch(serviceName === undefined ? spec : { ...spec, serviceName });
  return { model, task };
}

async function until(check: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !check(); tries++) await delay(10);
}

describe('containers that really run', () => {
  test('exit code, output and environment are those of the process', async () => {
    const { model, task } = launch('echo "$FROM $KEPT"; echo to stderr >&2; exit 3', {
      containerOverrides: [{ name: 'app', environment: [{ name: 'FROM', value: 'override' }] }],
    });
    await until(() => task.lastStatus === 'STOPPED');
    const lines = model.logs.stream('/ecs/app', `app/app/${task.id}`)?.map(({ message }) => message);
    expect(lines?.sort()).toEqual(['override kept', 'to stderr']);
    expect(task.containers[0]?.exitCode).toBe(3);
    expect(task.stopCode).toBe('EssentialContainerExited');
    expect(model.truth.runs).toMatchObject([{ container: 'app', exitCode: 3, taskArn: task.arn }]);
  });

  test('a stopped task gets SIGTERM and may answer it', async () => {
    const { model, task } = launch('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.05; done', {}, 'web');
    await until(() => (model.logs.stream('/ecs/app', `app/app/${task.id}`)?.length ?? 0) > 0);
    model.tasks.stop(task, { stopCode: 'ServiceSchedulerInitiated', reason: 'Scaling activity' });
    await until(() => task.lastStatus === 'STOPPED');
    expect(model.logs.stream('/ecs/app', `app/app/${task.id}`)?.map(({ message }) => message)).toEqual(['up', 'bye']);
    expect(task.containers[0]?.exitCode).toBe(0);
    expect(task.stopCode).toBe('ServiceSchedulerInitiated');
  });
});
