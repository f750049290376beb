import sdk from '@circleci/circleci-config-sdk';
import { Document, isMap, visit } from 'yaml';
import type { ConfigPlan, JobCall } from './workflows.ts';

/**
 * The text of a config, below a comment. CircleCI's own SDK makes it; it is no longer maintained and knows no job-groups,
 * so that this module is all that knows of it.
 */
export function configYaml({ orb, groups, workflows }: ConfigPlan, comment: string): string {
  const [, namespace = '', name = '', version = ''] = /^([^/]+)\/([^@]+)@(.+)$/.exec(orb) ?? [];
  const none = { commands: {}, executors: {} };
  const jobs = Object.fromEntries(
    ['build_image_and_push', 'db_migrate_on_task_run', 'service_update_and_notify'].map((job) => [
      job,
      new sdk.parameters.CustomParametersList<never>(),
    ]),
  );
  const imported = new sdk.orb.OrbImport(name, namespace, name, version, undefined, { ...none, jobs });
  const config = new sdk.Config().importOrb(imported);
  for (const workflow of workflows) {
    config.addWorkflow(
      new sdk.Workflow(
        workflow.name,
        workflow.jobs.map((call) => jobOf(call, imported)),
      ),
    );
  }
  const made = config.generate();
  const grouped = groups.map((group) => {
    const calls = group.jobs.map((call) => jobOf(call, imported).generate());
    return [group.name, { jobs: calls }];
  });
  return text(
    {
      version: made.version,
      orbs: made.orbs,
      ...(grouped.length === 0 ? {} : { 'job-groups': Object.fromEntries(grouped) }),
      workflows: made.workflows,
    },
    comment,
  );
}

type OrbImport = InstanceType<typeof sdk.orb.OrbImport>;

function jobOf({ kind, job, arguments: given }: JobCall, { jobs }: OrbImport) {
  // The SDK writes what it is given; its type knows lists of branches only, CircleCI takes a name too.
  const parameters = { ...given } as ConstructorParameters<typeof sdk.workflow.WorkflowJob>[1];
  if (kind === 'approval') return new sdk.workflow.WorkflowJobApproval(job, parameters);
  // A call of a group is written as one of a job of that name.
  const ref = jobs[job] ?? new sdk.Job(job, new sdk.executors.DockerExecutor('cimg/base:stable'), []);
  return new sdk.workflow.WorkflowJob(ref, parameters);
}

/** YAML 1.1, as CircleCI reads it, with an empty line before each section and each workflow after the first. */
function text(config: object, comment: string): string {
  const document = new Document(config, { version: '1.1', aliasDuplicateObjects: false });
  visit(document, {
    Pair: (_key, pair, path) => {
      const depth = path.filter(isMap).length;
      const parent = path.filter(isMap).at(-1);
      const isFirst = parent?.items[0] === pair;
      const key = pair.key as { spaceBefore?: boolean };
      if (!isFirst && (depth === 1 || (depth === 2 && parent !== undefined && parent.items.length > 1))) {
        key.spaceBefore = true;
      }
    },
  });
  document.commentBefore = comment;
  return document.toString({ lineWidth: 0, singleQuote: true, directives: false });
}
