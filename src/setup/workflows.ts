import { resourceName } from '../base/arn.ts';
import { optional } from '../base/optional.ts';
import { builds, type Environment, type Pipeline, placeOfRepository } from './pipeline.ts';

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

/**
 * A workflow for each branch. Environments of one branch follow each other in it, in their order: the commit is built once for
 * each repository, and an environment begins when the one before serves.
 */
export function configPlan(pipeline: Pipeline): ConfigPlan {
  const branches = [...new Set(pipeline.environments.map(({ branch }) => branch))];
  const each = branches.map((branch) =>
    branchPlan(
      pipeline.environments.filter((one) => one.branch === branch),
      pipeline,
    ),
  );
  return {
    orb: pipeline.orb,
    groups: each.flatMap(({ groups }) => groups),
    workflows: each.map(({ workflow }) => workflow),
  };
}

const names = { build: 'build-image-and-push', migrate: 'db-migrate-on-task-run', update: 'service-update-and-notify' };

function branchPlan(
  environments: readonly Environment[],
  pipeline: Pipeline,
): { workflow: NamedJobs; groups: NamedJobs[] } {
  const isAlone = environments.length === 1;
  const filters = { branches: { only: environments[0]?.branch ?? '' } };
  const groups: NamedJobs[] = [];
  const jobs: JobCall[] = [];
  const built = new Map<string, string>();
  const repositories = new Set(environments.map(placeOfRepository));
  let before: string | undefined;
  for (const environment of environments) {
    const { name: env, approve, serialGroup } = environment;
    const repository = placeOfRepository(environment);
    const named = (name: string): string => (isAlone ? name : `${name}-${env}`);
    const [build, migrate, update] = stages(environment, pipeline, named);
    if (builds(environment, pipeline)) {
      const name = repositories.size === 1 ? names.build : named(names.build);
      built.set(repository, name);
      jobs.push(orbJob('build_image_and_push', { name, ...build, filters }));
    }
    const needed = [...new Set([built.get(repository) ?? names.build, ...(before === undefined ? [] : [before])])];
    // What comes after the deployment before comes after its build, too.
    const requires = before !== undefined && repositories.size === 1 ? [before] : needed;
    const approval = `approve-${env}`;
    if (approve) jobs.push({ kind: 'approval', job: approval, arguments: { requires, filters } });
    const first = { requires: approve ? [approval] : requires };
    const needsMigration = { requires: [migrate.name] };
    if (serialGroup === undefined) {
      jobs.push(
        orbJob('db_migrate_on_task_run', { ...migrate, ...first, filters }),
        orbJob('service_update_and_notify', { ...update, ...needsMigration, filters }),
      );
      before = update.name;
      continue;
    }
    // A serial group must be unique within a workflow: a group of jobs holds it for both stages.
    const group = `migrate-and-deploy-to-${env}`;
    jobs.push({ kind: 'group', job: group, arguments: { 'serial-group': serialGroup, ...first, filters } });
    groups.push({
      name: group,
      jobs: [
        orbJob('db_migrate_on_task_run', migrate),
        orbJob('service_update_and_notify', { ...update, ...needsMigration }),
      ],
    });
    before = group;
  }
  const name = `db-migrate-and-deploy-to-${environments.map((one) => one.name).join('-then-')}`;
  return { workflow: { name, jobs }, groups };
}

const orbJob = (job: string, given: Arguments): JobCall => ({
  kind: 'orb',
  job,
  arguments: given,
});

function stages(environment: Environment, pipeline: Pipeline, named: (name: string) => string) {
  const { repository, cluster, taskDefinition, container, services, networkFromService, overridesFile } = environment;
  const { dockerfile, path, target, command, successMessage, failureMessage, slack } = pipeline;
  const clusters = pipeline.environments.map((one) => resourceName(one.cluster));
  const isShared = clusters.filter((one) => one === resourceName(cluster)).length > 1;
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
    ...shared,
    repo: repository,
    ...optional('path', path),
    ...optional('dockerfile', dockerfile),
    ...optional('target', target),
    ...onFailure,
  };
  const migrate = {
    name: named(names.migrate),
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
    name: named(names.update),
    ...shared,
    cluster,
    service: services.join(','),
    ...optional('on_failure', pipeline.onFailure === 'rollback' ? pipeline.onFailure : undefined),
    // The rollback pipeline takes the environment's name for the cluster's; a cluster of several environments names none.
    deploy_markers_environment_name: isShared ? environment.name : resourceName(cluster),
    ...(slack === 'none' ? { notify: false } : { ...optional('success_message', successMessage), ...toSlack }),
  };
  return [build, migrate, update] as const;
}
