import { imageDiagnoses } from './images.ts';
import { startDiagnoses } from './start.ts';
import { stopDiagnoses } from './stop.ts';

/** What a text of ECS means and what to do about it. */
export interface Diagnosis {
  /** Stable code for programs, e.g. `IMAGE_NOT_FOUND`. */
  code: string;
  /** One sentence: what happened, in plain words. */
  cause: string;
  /** One sentence: what to do about it. */
  fix: string;
}

/** A row of the catalogue. */
export interface DiagnosisPattern extends Diagnosis {
  pattern: RegExp;
}

/** The texts that ECS is known to give for a stopped task or a container, most particular first. */
export const diagnosisCatalogue: readonly DiagnosisPattern[] = [...imageDiagnoses, ...startDiagnoses, ...stopDiagnoses];

/** What we know of the end of one container and its task; every member as ECS gave it. */
export interface StopFacts {
  stopCode?: string | undefined;
  stoppedReason?: string | undefined;
  exitCode?: number | undefined;
  containerReason?: string | undefined;
}

/** The cause of an end: the container's own reason first, then the task's, then the exit code; undefined for unknown texts. */
export function diagnose(facts: StopFacts): Diagnosis | undefined {
  const { containerReason, stoppedReason, exitCode } = facts;
  // "Essential container in task exited" says only that there is an exit code to look at.
  const texts = [containerReason, stoppedReason].filter((text) => text !== undefined && !isNoReason(text));
  for (const text of texts) {
    const found = diagnoseText(text ?? '');
    if (found !== undefined) return found;
  }
  return exitCode === undefined ? undefined : diagnoseExitCode(exitCode);
}

/** Whether a text of ECS says only that a container ended, which is no reason. */
export function isNoReason(text: string | undefined): boolean {
  return text !== undefined && /^Essential container in task exited\.?$/.test(text.trim());
}

/** The row of the catalogue that a text of ECS fits. */
export function diagnoseText(text: string): Diagnosis | undefined {
  const row = diagnosisCatalogue.find(({ pattern }) => pattern.test(text));
  return row === undefined ? undefined : { code: row.code, cause: row.cause, fix: row.fix };
}

/** What an exit code says where nothing else does; undefined for 0. */
export function diagnoseExitCode(exitCode: number): Diagnosis | undefined {
  if (exitCode === 0) return undefined;
  return exitCodes[exitCode] ?? (exitCode > 128 && exitCode < 128 + 65 ? bySignal(exitCode - 128) : anyExitCode);
}

const anyExitCode: Diagnosis = {
  code: 'EXIT_CODE',
  cause: 'The program reported an error.',
  fix: 'Read its log; correct the program or its input, then run it again.',
};

const exitCodes: Readonly<Record<number, Diagnosis>> = {
  1: anyExitCode,
  2: {
    code: 'EXIT_CODE',
    cause: 'The program ended with code 2: usually wrong arguments, or a shell that did not understand its script.',
    fix: 'Check the command and the arguments in the overrides.',
  },
  125: {
    code: 'NOT_RUNNABLE',
    cause: 'The container runtime itself failed before the program began.',
    fix: 'Run it again; if it stays, check the container definition.',
  },
  126: {
    code: 'NOT_RUNNABLE',
    cause: 'The program was found but cannot be executed: it is not executable.',
    fix: 'Make it executable in the image (chmod +x), or correct the command.',
  },
  127: {
    code: 'COMMAND_NOT_FOUND',
    cause: 'The program was not found in the image.',
    fix: 'Check the spelling of the command, PATH in the image, and that this image holds the program.',
  },
  137: {
    code: 'KILLED',
    cause: 'The program was killed with SIGKILL: it did not end within stopTimeout, or it was stopped from outside.',
    fix: 'Let it heed SIGTERM or raise stopTimeout; if memory may have run out, raise the memory of the container.',
  },
  139: {
    code: 'CRASHED',
    cause: 'The program crashed with a segmentation fault.',
    fix: 'Check that native libraries in the image fit its platform, then look for a crash in the program.',
  },
  143: {
    code: 'TERMINATED',
    cause: 'The program was asked to stop with SIGTERM before it was done.',
    fix: 'Find out who stopped the task, then run it again.',
  },
  255: {
    code: 'RUNTIME_ERROR',
    cause: 'The program or the container runtime ended with code 255.',
    fix: 'Read the log lines above; if there are none, run it again.',
  },
};

function bySignal(signal: number): Diagnosis {
  return {
    code: 'KILLED_BY_SIGNAL',
    cause: `The program was ended by signal ${signal}.`,
    fix: 'Read its log lines above for the reason of the crash.',
  };
}
