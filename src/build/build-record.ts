import { circleCiFacts } from '../base/circleci.ts';
import type { BuildOptions } from '../commands/build-and-push-image.ts';
import type { BuildRecord } from '../records/record.ts';
import { repositoryUri } from '../task-definition/image-reference.ts';
import type { BuildOutcome } from './build.ts';

export interface BuildRecordFacts {
  options: BuildOptions;
  env: Readonly<Record<string, string | undefined>>;
  region: string | undefined;
  startedAtMs: number;
  finishedAtMs: number;
}

const statuses = {
  pushed: 'succeeded',
  'already-there': 'succeeded',
  built: 'succeeded',
  'build-failed': 'failed',
  interrupted: 'interrupted',
  'dry-run': 'succeeded',
} as const;

/** What the build leaves for the stages behind it. */
export function buildRecord(outcome: BuildOutcome, facts: BuildRecordFacts): BuildRecord {
  return {
    ...common(facts),
    status: statuses[outcome.verdict],
    verdict: outcome.verdict,
    ...('uri' in outcome ? { repository: outcome.uri } : {}),
    ...('digest' in outcome ? { digest: outcome.digest, image: `${outcome.uri}@${outcome.digest}` } : {}),
    ...('account' in outcome && outcome.account !== undefined ? { account: outcome.account } : {}),
    ...('timingsMs' in outcome ? { timingsMs: outcome.timingsMs } : {}),
    ...(outcome.verdict === 'build-failed' ? failure(outcome) : {}),
  };
}

function common({ options, env, region, startedAtMs, finishedAtMs }: BuildRecordFacts) {
  const ci = circleCiFacts(env);
  return {
    schemaVersion: 1 as const,
    stage: 'build-and-push-image' as const,
    repository: repositoryUri(options.repository),
    tags: options.tags,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    ...(region === undefined ? {} : { region }),
    ...(ci.commit === undefined ? {} : { commit: ci.commit }),
    ...(Object.keys(ci).length === 0 ? {} : { ci }),
  };
}

function failure({ exitCode, lastLines }: Extract<BuildOutcome, { verdict: 'build-failed' }>) {
  return {
    reasonCode: 'BUILD_FAILED',
    reason:
      exitCode === undefined ? 'docker build was ended by a signal.' : `docker build ended with exit code ${exitCode}.`,
    lastLogLines: lastLines,
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
