import { hasCode } from '../errors.ts';
import type { ProcessRunner } from '../ports.ts';

/**
 * The programs that know `run release` inside a job. Where both are there, `circleci` may be the CLI of CircleCI 1.x, to
 * which `run` means something else (orb-tools-orb 7606802).
 */
const programs = ['circleci-agent', 'circleci'];

/** How a call of CircleCI's release CLI went; `why` is one line for people. */
export type ReleaseAnswer = { done: true } | { done: false; why: string };

/** Runs `run release …`; a program that is not there or refuses is an answer, never an error. */
export async function runRelease(args: readonly string[], processes: ProcessRunner): Promise<ReleaseAnswer> {
  for (const program of programs) {
    try {
      const { code, tail } = await processes.run(program, ['run', 'release', ...args]);
      if (code === 0) return { done: true };
      const last = tail.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
      return { done: false, why: `${program} run release ${args[0] ?? ''} ended with ${code ?? 'a signal'}: ${last}` };
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw error;
    }
  }
  return { done: false, why: 'neither circleci-agent nor circleci is in this job' };
}
