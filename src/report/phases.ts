import type { Outcome } from '../outcome.ts';
import type { RolloutOutcome, TaskOutcome } from '../records/schema.ts';
import { isRollout, isTask } from './story.ts';

/** A span of time that a stage spent on one thing. */
export interface Phase {
  name: string;
  fromMs: number;
  toMs: number;
  /** Which of the chart's colours: one for waiting, four for work, one for going back. */
  colour: 'wait' | 'one' | 'two' | 'three' | 'four' | 'back';
}

/** Something that happened at one moment: a task or the migration failed, or traffic shifted. */
export interface Mark {
  kind: 'failure' | 'shift';
  atMs: number;
  text: string;
}

/** What a stage did when; empty for one whose end is not known. */
export function phasesOf(outcome: Outcome): Phase[] {
  const fromMs = Date.parse(outcome.startedAt);
  const toMs = outcome.finishedAt === undefined ? fromMs : Date.parse(outcome.finishedAt);
  const moments = isRollout(outcome)
    ? rolloutMoments(outcome, fromMs)
    : isTask(outcome)
      ? taskMoments(outcome)
      : buildMoments(outcome, fromMs);
  const phases: Phase[] = [];
  let atMs = fromMs;
  for (const { untilMs, name, colour } of [...moments, rest(outcome, toMs)]) {
    // What was not seen in order, or by clocks that differ, takes no place.
    const endMs = Math.min(untilMs ?? atMs, toMs);
    if (endMs > atMs) phases.push({ name, colour, fromMs: atMs, toMs: endMs });
    atMs = Math.max(atMs, endMs);
  }
  return phases;
}

interface Moment {
  untilMs: number | undefined;
  name: string;
  colour: Phase['colour'];
}

function rest(outcome: Outcome, untilMs: number): Moment {
  if (isRollout(outcome) && (outcome.rollbackPhase !== undefined || outcome.rollback !== undefined)) {
    return { untilMs, name: 'fails, rolls back', colour: 'back' };
  }
  return { untilMs, name: isTask(outcome) ? 'last log lines' : 'other', colour: 'wait' };
}

function buildMoments({ timingsMs = {} }: Outcome, fromMs: number): Moment[] {
  const builtMs = timingsMs.build === undefined ? undefined : fromMs + timingsMs.build;
  const pushedMs = timingsMs.push === undefined || builtMs === undefined ? undefined : builtMs + timingsMs.push;
  return [
    { untilMs: builtMs, name: 'build', colour: 'one' },
    { untilMs: pushedMs, name: 'push', colour: 'two' },
  ];
}

function taskMoments({ timeline = {} }: TaskOutcome): Moment[] {
  const at = (name: string): number | undefined =>
    timeline[name] === undefined ? undefined : Date.parse(timeline[name]);
  return [
    { untilMs: at('createdAt'), name: 'prepare', colour: 'wait' },
    { untilMs: at('pullStartedAt'), name: 'provision', colour: 'one' },
    { untilMs: at('pullStoppedAt'), name: 'pull', colour: 'two' },
    { untilMs: at('startedAt'), name: 'start', colour: 'three' },
    { untilMs: at('executionStoppedAt'), name: 'run', colour: 'four' },
    { untilMs: at('stoppedAt'), name: 'stop', colour: 'three' },
  ];
}

function rolloutMoments({ timingsMs = {}, verdict }: RolloutOutcome, fromMs: number): Moment[] {
  const at = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : fromMs + ms);
  const isServing = timingsMs.deployed !== undefined || verdict === 'deployed';
  return [
    { untilMs: at(timingsMs.tasksRunning), name: 'new tasks start', colour: 'one' },
    { untilMs: at(timingsMs.deployed), name: 'becomes stable', colour: 'two' },
    { untilMs: isServing ? at(timingsMs.judged) : undefined, name: 'old tasks drain', colour: 'three' },
  ];
}

/** The failed tasks and the traffic of a rollout, and the end of a container that failed. */
export function marksOf(outcome: Outcome): Mark[] {
  if (isRollout(outcome)) {
    const shifts = (outcome.trafficShifts ?? []).map(
      ({ at, productionWeight }): Mark => ({
        kind: 'shift',
        atMs: Date.parse(at),
        text: `${productionWeight} % of the traffic`,
      }),
    );
    const failures = (outcome.failedTasks ?? []).flatMap(({ endedAt, taskArn, containers = [] }) => {
      const code = containers.find(({ exitCode = 0 }) => exitCode !== 0)?.exitCode;
      const text = `task ${taskArn.split('/').at(-1)?.slice(0, 8)} failed${code === undefined ? '' : ` with exit code ${code}`}`;
      return endedAt === undefined ? [] : [{ kind: 'failure' as const, atMs: Date.parse(endedAt), text }];
    });
    return [...shifts, ...failures];
  }
  if (!isTask(outcome) || outcome.verdict !== 'failed') return [];
  const ended = outcome.timeline?.executionStoppedAt ?? outcome.timeline?.stoppedAt ?? outcome.finishedAt;
  return ended === undefined ? [] : [{ kind: 'failure', atMs: Date.parse(ended), text: 'the migration failed' }];
}
