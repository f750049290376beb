import { ConfigError } from './config-error.ts';
import type { WorkflowJob } from './workflows.ts';
import { isMap, listOf, type Yaml } from './yaml.ts';

/** How a job may have ended. */
export type JobStatus = 'success' | 'failed' | 'canceled' | 'unauthorized' | 'not_run';
const statuses = ['success', 'failed', 'canceled', 'unauthorized', 'not_run'] as const;

/** One upstream job and the ends of it that let this job start. */
export interface Requirement {
  name: string;
  statuses: readonly JobStatus[];
}

/** Reads `requires:`: names, or a name with the statuses that count (`terminal` is any of them). */
export function readRequires(value: Yaml | undefined): Requirement[] {
  return listOf(value, 'requires', true).flatMap((item): Requirement[] => {
    if (!isMap(item)) return [{ name: String(item), statuses: ['success'] }];
    return Object.entries(item).map(([name, wanted]) => ({
      name,
      statuses: listOf(wanted, 'requires', true).flatMap((status) => readStatus(String(status))),
    }));
  });
}

function readStatus(status: string): readonly JobStatus[] {
  if (status === 'terminal') return statuses;
  const known = statuses.find((name) => name === status);
  if (known === undefined)
    throw new ConfigError(`requires: '${status}' is not one of ${statuses.join(', ')}, terminal`);
  return [known];
}

/** Turns the names of requirements into the names of jobs, in an order in which they can run; refuses loops. */
export function checkGraph(workflow: string, jobs: readonly WorkflowJob[]): WorkflowJob[] {
  const tied = jobs.map((job) => ({
    ...job,
    requires: job.requires.flatMap((requirement) =>
      upstream(workflow, job, requirement.name, jobs).map((name) => ({ ...requirement, name })),
    ),
  }));
  const ordered: WorkflowJob[] = [];
  while (ordered.length < tied.length) {
    const next = tied.find(
      (job) => !ordered.includes(job) && job.requires.every(({ name }) => ordered.some((done) => done.name === name)),
    );
    if (next === undefined) throw new ConfigError(`The jobs of workflow '${workflow}' require each other in a circle`);
    ordered.push(next);
  }
  return ordered;
}

function upstream(workflow: string, job: WorkflowJob, name: string, jobs: readonly WorkflowJob[]): string[] {
  const found = jobs.filter((other) => [other.name, other.matrixAlias, other.groupAlias].includes(name));
  if (found.length > 0) return found.map((other) => other.name);
  const count = jobs.filter((other) => other.called === name).length;
  throw new ConfigError(
    `Job '${job.name}' requires '${name}', which is the name of ${count} other jobs in workflow '${workflow}'`,
    { word: name, near: jobs.flatMap((other) => [other.name, other.matrixAlias ?? [], other.groupAlias ?? []].flat()) },
  );
}
