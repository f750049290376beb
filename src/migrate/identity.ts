import { createHash, randomUUID } from 'node:crypto';
import { resourceName } from '../base/arn.ts';
import { type DefinitionDocument, ordered } from '../task-definition/pin.ts';

/** What makes a task the one of this job and request. */
export interface Identity {
  /** `startedBy` of the task. */
  startedBy: string;
  /** Whether a rerun can find the task by `startedBy`: not where the user chose the text. */
  isMark: boolean;
  /** The client token of the first try of an attempt; the number of attempts that failed before makes it another one. */
  token(failedBefore: number): string;
  /** A token that was never used: for a try after one that placed nothing, whose answer ECS keeps for an hour. */
  freshToken(): string;
}

export interface IdentityFacts {
  cluster: string;
  /** What will run, images pinned: the same in a rerun, whatever number its revision gets. */
  definition: DefinitionDocument;
  overrides: unknown;
  /** The user's --name, --started-by and --client-token. */
  name: string | undefined;
  startedBy: string | undefined;
  clientToken: string | undefined;
}

/**
 * The identity of a migration: the same for every rerun of the same job in the same workflow (also *Rerun workflow from
 * failed*, which keeps CIRCLE_WORKFLOW_WORKSPACE_ID and gives new job ids), of its own in every run outside CircleCI.
 */
export function identityOf(facts: IdentityFacts, env: Readonly<Record<string, string | undefined>>): Identity {
  const mark = markOf(facts, env);
  const { startedBy, clientToken } = facts;
  return {
    startedBy: startedBy ?? `migrate-deploy/${mark}`,
    isMark: startedBy === undefined,
    token: (failedBefore) => {
      if (clientToken !== undefined) return clientToken;
      return `md-${sha256([mark, failedBefore]).slice(0, 60)}`;
    },
    freshToken: () => `md-${randomUUID()}`,
  };
}

/** 64 hexadecimal digits of who asks and of what will run: what runs something else never stands for it. */
function markOf(
  { cluster, definition, overrides, name, clientToken }: IdentityFacts,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const workspace = env.CIRCLE_WORKFLOW_WORKSPACE_ID ?? '';
  // The containers of a job with parallelism ask for the same thing: one task, not one beside the other.
  const job = workspace === '' ? randomUUID() : [workspace, env.CIRCLE_JOB];
  return sha256([clientToken ?? job, name, resourceName(cluster), ordered(definition), ordered(overrides)]);
}

const sha256 = (facts: readonly unknown[]): string => createHash('sha256').update(JSON.stringify(facts)).digest('hex');
