import type { NamedOption } from '../options/option.ts';
import type { ConfigJob, ExpandedConfig } from '../ports.ts';

/** A command of the program that a job calls, with what it is given through its environment. */
export interface StageCall {
  command: string;
  environment: Readonly<Record<string, string>>;
}

/** A job that a push runs. */
export interface PlannedJob
  extends Pick<ConfigJob, 'name' | 'called' | 'isApproval' | 'requires' | 'contexts' | 'serialGroup'> {
  stages: StageCall[];
  /** Whether one of its steps attaches the workspace. */
  attaches: boolean;
}

/** The workflows that a push starts, each with its jobs in an order that `requires` allows. */
export function plannedWorkflows({ workflows }: ExpandedConfig): { name: string; jobs: PlannedJob[] }[] {
  return workflows
    .filter(({ active }) => active)
    .map(({ name, jobs }) => ({ name, jobs: inOrder(jobs).map(planned) }))
    .filter(({ jobs }) => jobs.length > 0);
}

/** A job that requires one that does not run does not run either. */
function inOrder(jobs: readonly ConfigJob[]): ConfigJob[] {
  const ordered: ConfigJob[] = [];
  let next: ConfigJob[];
  do {
    const done = ordered.map(({ name }) => name);
    next = jobs.filter(
      (job) => job.included && !ordered.includes(job) && job.requires.every((one) => done.includes(one)),
    );
    ordered.push(...next);
  } while (next.length > 0);
  return ordered;
}

function planned({ steps, ...job }: ConfigJob): PlannedJob {
  const stages = steps.flatMap(({ body: { environment } }): StageCall[] => {
    if (typeof environment !== 'object' || environment === null) return [];
    const texts = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)]));
    const { ORB_SUBCOMMAND: command } = texts;
    return command === undefined ? [] : [{ command, environment: texts }];
  });
  const { name, called, isApproval, requires, contexts, serialGroup } = job;
  const attaches = steps.some(({ type }) => type === 'attach_workspace');
  return { name, called, isApproval, requires, contexts, serialGroup, stages, attaches };
}

/** Files of the job that the orb names itself, in every job alike. */
const ofTheOrb = /^(\$BASH_ENV|\.\/\.migrate-deploy|\$HOME\/\.migrate-deploy-job\/\S*)$/;

/** Stands for a text that may be secret. */
export const hidden = '…';

/** What a stage is given beyond the defaults: option names and texts; texts that may be secret are left out. */
export function givenOptions(
  { environment }: StageCall,
  options: readonly NamedOption[],
  variableOf: (name: string) => string,
  notGiven: (option: NamedOption['option']) => string | undefined,
): { name: string; text: string }[] {
  return options.flatMap(({ name, option }) => {
    const names = [name, ...(option.alias === undefined ? [] : [option.alias])];
    const text = names.map((one) => environment[variableOf(one)] ?? '').find((value) => value.trim() !== '');
    const isDefault = text === undefined || text === option.default || text === notGiven(option);
    if (isDefault || ['expand-env', 'record-dir'].includes(name) || ofTheOrb.test(text)) return [];
    const isShown = option.secret !== true || (name === 'overrides' && !/^\s*[[{-]/.test(text));
    return [{ name, text: isShown ? text : hidden }];
  });
}

/** The names of the variables in a text that --expand-env would replace. */
export function variablesIn(text: string): string[] {
  return [...text.replaceAll('$$', '').matchAll(/\$(?:\{(\w+)(?::-[^}]*)?\}|(\w+))/g)].map(
    ([, braced, plain]) => braced ?? plain ?? '',
  );
}
