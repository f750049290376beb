import type { WorkflowResult } from '../../local/circleci/runner.ts';
import type { Scenario } from './project.ts';
import { answerOf, type Stage } from './stage.ts';

/** One thing that must be true in the end, looked up where it really happened. */
export interface Check {
  text: string;
  ok: boolean;
}

/** What was true before the push. */
export interface Before {
  version: string | undefined;
  taskArns: string[];
  /** ARNs of the task definitions in service. */
  revisions: string[];
}

/** Compares the ground truth with what the scenario must lead to. */
export async function checkEnd(
  scenario: Scenario,
  before: Before,
  result: WorkflowResult,
  stage: Stage,
): Promise<Check[]> {
  const after = await lookAround(result, stage);
  const isOld = (arn: string) => before.taskArns.includes(arn);
  if (scenario === 'green') {
    return [
      { text: 'all three stages ran, in order', ok: after.stages.every((status) => status === 'success') },
      { text: 'the database really has the new table "ratings"', ok: after.tables.includes('ratings') },
      { text: `the new version answers: ${after.answer}`, ok: after.version === '1.1.0' },
      { text: 'the old tasks are gone', ok: !after.taskArns.some(isOld) },
      { text: 'the image that was built migrated, and serves', ok: after.digests.size === 1 },
      { text: 'Slack was told', ok: stage.webhook.messages.length === 1 },
    ];
  }
  const stillOld = [
    { text: `the old version still answers: ${after.answer}`, ok: after.version === before.version },
    { text: 'Slack was told', ok: stage.webhook.messages.length === 1 },
  ];
  if (scenario === 'migration-fails') {
    return [
      { text: 'the migration failed and stage 3 never started', ok: after.stages.join() === 'success,failed,not_run' },
      { text: 'the log has the migration’s own words', ok: after.log.includes('contains null values') },
      { text: 'the old tasks serve as before', ok: after.taskArns.length > 0 && after.taskArns.every(isOld) },
      ...stillOld,
    ];
  }
  return [
    { text: 'the migration ran, the rollout failed', ok: after.stages.join() === 'success,success,failed' },
    { text: 'the log has the container’s last words', ok: after.log.includes('SESSION_SECRET is not set') },
    // The rollback may have replaced the old tasks by new ones of the same revision.
    { text: 'the old revision serves', ok: before.revisions.every((arn) => after.revisions.includes(arn)) },
    ...stillOld,
  ];
}

async function lookAround(result: WorkflowResult, stage: Stage) {
  const { aws, names, database } = stage;
  const { taskArns, taskDefinitionArns, imageDigests } = aws.model.truth.serving(names.serviceFamily);
  const migrated = aws.model.truth.runs.findLast(({ family }) => family === names.migrationFamily)?.imageDigest;
  const { version, tables } = await answerOf(stage);
  return {
    stages: result.jobs.map(({ status }) => status),
    log: result.jobs.flatMap(({ steps }) => steps.map(({ output }) => output)).join('\n'),
    tables: await database.tables(),
    answer: `version ${version}, tables ${tables?.join(', ')}`,
    version,
    taskArns,
    revisions: taskDefinitionArns,
    digests: new Set([migrated, ...imageDigests]),
  };
}

/** The exit code of the step that ended the pipeline, 0 where none failed. */
export function exitCodeOf(result: WorkflowResult): number {
  const failed = result.jobs.flatMap(({ steps }) => steps).find(({ status }) => status === 'failed');
  return result.status === 'success' ? 0 : (failed?.exitCode ?? 1);
}
