import { optional } from '../base/optional.ts';
import type { Environment, Pipeline } from './pipeline.ts';

/** A job of a workflow: one of the orb, an approval, or a group of jobs. */
export interface JobCall {
  kind: 'orb' | 'approval' | 'group';
  job: string;
  arguments: Arguments;
}
type Arguments = Readonly<Record<string, string | boolean | string[] | { branches: { only: string } }>>;

/** A config before it is text: groups of jobs and workflows, each a list of calls. */
export interface ConfigPlan {
  orb: string;
  groups: readonly NamedJobs[];
  workflows: readonly NamedJobs[];
}
interface NamedJobs {
  name: string;
  jobs: readonly JobCall[];
}

/** One workflow of three stages for each environment. */
export function configPlan(pipeline: Pipeline): ConfigPlan {
  const each = pipeline.environments.map((environment) => environmentPlan(environment, pipeline));
  return {
    orb: pipeline.orb,
    groups: each.flatMap(({ group }) => (group === undefined ? [] : [group])),
    workflows: each.map(({ workflow }) => workflow),
  };
}

const names = { build: 'build-image-and-push', migrate: 'db-migrate-on-task-run', update: 'service-update-and-notify' };

function environmentPlan(environment: Environment, pipeline: Pipeline): { workflow: NamedJobs; group?: NamedJobs } {
  const { name: env, branch, approve, serialGroup } = environment;
  const filters = { branches: { only: branch } };
  const approval = `approve-${env}`;
  const [build, migrate, update] = stages(environment, pipeline);
  const first = {
    requires: [approve ? approval : names.build],
  };
  const gate: JobCall[] = approve
    ? [{ kind: 'approval', job: approval, arguments: { requires: [names.build], filters } }]
    : [];
  const workflow = (rest: readonly JobCall[]): NamedJobs => ({
    name: `db-migrate-and-deploy-to-${env}`,
    jobs: [orbJob('build_image_and_push', { ...build, filters }), ...gate, ...rest],
  });
  const needsMigration = { requires: [names.migrate] };
  if (serialGroup === undefined) {
    return {
      workflow: workflow([
        orbJob('db_migrate_on_task_run', { ...migrate, ...first, filters }),
        orbJob('service_update_and_notify', { ...update, ...needsMigration, filters }),
      ]),
    };
  }
  // A serial group must be unique within a workflow: a group of jobs holds it for both stages.
  const group = `migrate-and-deploy-to-${env}`;
  return {
    workflow: workflow([{ kind: 'group', job: group, arguments: { 'serial-group': serialGroup, ...first, filters } }]),
    group: {
      name: group,
      jobs: [
        orbJob('db_migrate_on_task_run', migrate),
        orbJob('service_update_and_notify', { ...update, ...needsMigration }),
      ],
    },
  };
}

const orbJob = (job: string, given: Arguments): JobCall => ({
  kind: 'orb',
  job,
  arguments: given,
});

function stages(environment: Environment, pipeline: Pipeline) {
  const { repository, cluster, taskDefinition, container, services, networkFromService, overridesFile } = environment;
  const { dockerfile, path, target, command, successMessage, failureMessage, slack } = pipeline;
  const shared = {
    ...optional('context', environment.context),
    ...optional('role_arn', environment.roleArn),
    ...optional('region', pipeline.region),
    ...optional('expect_account', pipeline.account),
  };
  const toSlack = {
    ...optional('channel', slack === 'bot' ? pipeline.channel : undefined),
    ...optional('mentions', pipeline.mentions),
    ...(slack === 'webhook' ? { webhook: '${SLACK_WEBHOOK}' } : {}),
    ...optional('failure_message', failureMessage),
  };
  const onFailure = slack === 'none' ? { notify_on_failure: false } : toSlack;
  const build = {
    name: names.build,
    ...shared,
    repo: repository,
    ...optional('path', path),
    ...optional('dockerfile', dockerfile),
    ...optional('target', target),
    ...onFailure,
  };
  const migrate = {
    name: names.migrate,
    ...shared,
    cluster,
    task_definition: taskDefinition,
    ...(overridesFile === undefined
      ? { ...optional('container', container), command: command.text }
      : { overrides: overridesFile }),
    ...optional('network_from_service', networkFromService),
    ...onFailure,
  };
  const update = {
    name: names.update,
    ...shared,
    cluster,
    service: services.join(','),
    ...(slack === 'none' ? { notify: false } : { ...optional('success_message', successMessage), ...toSlack }),
  };
  return [build, migrate, update] as const;
}
