import { createHash, randomUUID } from 'node:crypto';
import type { RunTaskCommandInput } from '@aws-sdk/client-ecs';

/**
 * The idempotency token of a RunTask: the same for the same CircleCI job and request, so that whatever sends it again
 * gets the task that runs already; random outside CircleCI. At most 64 characters, as ECS asks.
 */
export function clientToken(
  request: RunTaskCommandInput,
  env: Readonly<Record<string, string | undefined>>,
  given: string | undefined,
): string {
  if (given !== undefined) return given;
  const job = env.CIRCLE_WORKFLOW_JOB_ID ?? '';
  if (job === '') return `md-${randomUUID()}`;
  const { cluster, taskDefinition, overrides } = request;
  const text = JSON.stringify([job, cluster, taskDefinition, sorted(overrides)]);
  return `md-${createHash('sha256').update(text).digest('hex').slice(0, 56)}`;
}

/** A token of its own for each further try: what a failed one was answered may be kept under the old token. */
export function tokenForTry(token: string, attempt: number): string {
  return attempt === 1 ? token : `${token.slice(0, 60)}-${attempt}`;
}

function sorted(document: unknown): unknown {
  if (Array.isArray(document)) return document.map(sorted);
  if (typeof document !== 'object' || document === null) return document;
  return Object.fromEntries(
    Object.entries(document)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, sorted(member)]),
  );
}
