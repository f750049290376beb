import { taskId } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { linesForDiagnosis } from '../diagnosis/application.ts';
import { culpritOf } from '../diagnosis/culprit.ts';
import { findingIn, hiddenValues, isOwnEnd, lossNote, tailOf } from '../diagnosis/log-finding.ts';
import { hasCode, TransientError, UserError } from '../errors.ts';
import type { LogsPort, RawContainerDefinition } from '../ports.ts';
import type { FailedTask, LogFinding, LogTail } from '../records/schema.ts';
import { logPlace } from '../task/log-place.ts';
import type { RolloutDeps } from './model.ts';

const tailLength = 20;
const pagesAtMost = 5;
/** The log driver collects lines for some seconds before it sends them: the last ones are the late ones. */
const settledAfterMs = 15_000;
const longestWaitMs = 20_000;
const lookEveryMs = 2_000;

/**
 * The last lines of the containers of the first task of each group, whose log had the most time to arrive, by task ARN,
 * and the line that says why where ECS does not. All are read side by side.
 */
export async function readFailureLogs(
  groups: readonly (readonly Pick<FailedTask, 'taskArn' | 'stopCode' | 'containers' | 'endedAt' | 'explanation'>[])[],
  definitions: readonly RawContainerDefinition[],
  deps: RolloutDeps,
): Promise<Map<string, TaskLogs>> {
  const latestMs = deps.clock.now() + longestWaitMs;
  const tails = groups.map(async ([task]): Promise<[string, TaskLogs][]> => {
    // What never started wrote nothing.
    if (task === undefined || task.stopCode === 'TaskFailedToStart') return [];
    const endedMs = task.endedAt === undefined ? deps.clock.now() : Date.parse(task.endedAt);
    const untilMs = Math.min(latestMs, endedMs + settledAfterMs);
    return [[task.taskArn, await readTask(task, definitions, untilMs, deps)]];
  });
  return new Map((await Promise.all(tails)).flat());
}

/** What a failed task keeps of its logs. */
export type TaskLogs = Pick<FailedTask, 'logTail' | 'logFinding'>;

interface ContainerLog {
  tail: LogTail;
  finding?: LogFinding | undefined;
}

async function readTask(
  { taskArn, containers = [], explanation }: Pick<FailedTask, 'taskArn' | 'containers' | 'explanation'>,
  definitions: readonly RawContainerDefinition[],
  untilMs: number,
  deps: RolloutDeps,
): Promise<TaskLogs> {
  const culprits = containers.filter(({ exitCode, reason }) => (exitCode ?? 0) !== 0 || reason !== undefined);
  const interesting = culprits.length > 0 ? culprits : containers;
  const leads = isOwnEnd(explanation?.code);
  const logs = interesting.map(async ({ name }): Promise<ContainerLog> => {
    const definition = definitions.find((one) => one.name === name);
    if (definition === undefined) return { tail: [] };
    const place = logPlace(definition, { id: taskId(taskArn), region: deps.aws.region });
    if (place.kind === 'awslogs') {
      const { lines, note = lossNote(definition.logConfiguration) } = await readLog(place, untilMs, deps);
      const hidden = hiddenValues(definition);
      return {
        tail: [{ container: name, lines: tailOf(lines, hidden, tailLength), ...optional('note', note) }],
        finding: leads ? findingIn(name, lines, hidden) : undefined,
      };
    }
    const note =
      place.kind === 'elsewhere'
        ? `its log driver is ${place.driver}: ${place.where}`
        : 'its definition keeps no log that could be read';
    return { tail: [{ container: name, lines: [], note }] };
  });
  const read = await Promise.all(logs);
  const culprit = culpritOf(containers)?.name;
  const findings = read.flatMap(({ finding }) => (finding === undefined ? [] : [finding]));
  const finding = findings.find(({ container }) => container === culprit) ?? findings[0];
  return { logTail: read.flatMap(({ tail }) => tail), ...optional('logFinding', finding) };
}

async function readLog(
  place: { group: string; stream: string; region: string },
  untilMs: number,
  deps: RolloutDeps,
): Promise<{ lines: string[]; note?: string }> {
  const logs = deps.aws.logs(place.region);
  let lines: string[] = [];
  try {
    for (;;) {
      const leftMs = untilMs - deps.clock.now();
      lines = await lastLines(place, logs);
      if (leftMs <= 0 || deps.interrupt.signal.aborted) {
        return lines.length > 0 ? { lines } : { lines, note: `it wrote nothing to ${place.group} ${place.stream}` };
      }
      await deps.clock.sleep(Math.min(lookEveryMs, leftMs), deps.interrupt.signal);
    }
  } catch (error) {
    if (!(error instanceof UserError || error instanceof TransientError)) throw error;
    const why = error instanceof UserError ? (error.why ?? error.message) : error.message;
    return { lines, note: `its log could not be read${lines.length > 0 ? ' to its end' : ''}: ${why}` };
  }
}

/** The end of a stream; a page may be empty although more stands before it. */
async function lastLines({ group, stream }: { group: string; stream: string }, logs: LogsPort): Promise<string[]> {
  let lines: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < pagesAtMost && lines.length < linesForDiagnosis; page++) {
    try {
      const answer = await logs.getLogEvents({
        logGroupName: group,
        logStreamName: stream,
        startFromHead: false,
        limit: linesForDiagnosis,
        ...(token === undefined ? {} : { nextToken: token }),
      });
      lines = [...(answer.events ?? []).map(({ message }) => message ?? ''), ...lines];
      if (answer.nextBackwardToken === undefined || answer.nextBackwardToken === token) break;
      token = answer.nextBackwardToken;
    } catch (error) {
      if (hasCode(error, 'ResourceNotFoundException')) return [];
      throw error;
    }
  }
  return lines.slice(-linesForDiagnosis);
}
