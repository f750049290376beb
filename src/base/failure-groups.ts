/** What the end of a failed task shows. */
interface Failure {
  stopCode?: string;
  stoppedReason?: string;
  containers?: readonly { name: string; exitCode?: number; reason?: string }[];
}

/** Failed tasks in groups that failed in the same way, the largest group first. */
export function groupFailures<F extends Failure>(tasks: readonly F[]): F[][] {
  const groups = new Map<string, F[]>();
  for (const task of tasks) {
    const ends = (task.containers ?? []).map(({ name, exitCode, reason }) => [
      name,
      exitCode,
      withoutIds(reason ?? ''),
    ]);
    const key = JSON.stringify([task.stopCode, withoutIds(task.stoppedReason ?? ''), ends]);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  return [...groups.values()].sort((a, b) => b.length - a.length);
}

const withoutIds = (text: string): string => text.replaceAll(/[0-9a-f]{12,}|\d+/gi, '#');
