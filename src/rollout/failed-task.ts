import type { Task } from '@aws-sdk/client-ecs';
import { culpritOf } from '../diagnosis/culprit.ts';
import { diagnose } from '../diagnosis/diagnose.ts';
import type { Explanation, FailedTask } from '../records/schema.ts';

/** Whether the end of a service's task says something against its revision; a scale-in and a Spot interruption do not. */
export function isFailure({ stopCode, stoppedReason = '' }: Task): boolean {
  if (stopCode === 'TaskFailedToStart' || stopCode === 'EssentialContainerExited') return true;
  return stopCode === 'ServiceSchedulerInitiated' && /^Task failed/.test(stoppedReason);
}

/** The facts of a failed task, with what they mean. */
export function failedTask(task: Task): FailedTask {
  const containers = (task.containers ?? []).map(({ name = '', image, imageDigest, exitCode, reason }) => ({
    name,
    ...(image === undefined ? {} : { image }),
    ...(imageDigest === undefined ? {} : { imageDigest }),
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(reason === undefined ? {} : { reason }),
  }));
  const { taskArn = '', stopCode, stoppedReason } = task;
  const endedAt = task.executionStoppedAt ?? task.stoppingAt;
  const explanation = explain(task, containers);
  return {
    taskArn,
    ...(stopCode === undefined ? {} : { stopCode }),
    ...(stoppedReason === undefined ? {} : { stoppedReason }),
    ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
    ...(explanation === undefined ? {} : { explanation }),
    containers,
  };
}

/** That an essential container ended is what every ended task says; it is no reason. */
const saysNothing = /^Essential container in task exited$/;

function explain({ stopCode, stoppedReason }: Task, containers: NonNullable<FailedTask['containers']>) {
  const culprit = culpritOf(containers);
  const found = diagnose({ stopCode, stoppedReason, exitCode: culprit?.exitCode, containerReason: culprit?.reason });
  const meaning = found ?? (stopCode === 'EssentialContainerExited' ? quietExit : undefined);
  if (meaning === undefined) return undefined;
  const said = culprit?.reason ?? (saysNothing.test(stoppedReason ?? '') ? undefined : stoppedReason);
  const { code, cause } = meaning;
  const fix = code === 'EXIT_CODE' ? ownExitFix : meaning.fix;
  return { code, cause, ...(said === undefined ? {} : { said }), fix } satisfies Explanation;
}

const ownExitFix = 'Read its last lines, correct the program or its configuration, then deploy again.';
const quietExit = {
  code: 'EXITED',
  cause: 'The program ended by itself, although a service is meant to go on.',
  fix: 'Let the command of the container run in the foreground and for ever.',
};
