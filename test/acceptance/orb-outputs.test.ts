import { expect, it } from 'vitest';
import { outputOf, runConfig, staticKeys } from './orb-world.ts';
import { pipelineWorld } from './pipeline-world.ts';

it('steps after a command of the orb have its outputs; the next commands of the orb keep their own parameters', async () => {
  const world = await pipelineWorld();
  const names = ['IMAGE', 'TASK_ARN', 'TASK_DEFINITION', 'DEPLOYMENT_ID', 'VERDICT'];
  const show = names.map((name) => `echo "${name}=$MIGRATE_DEPLOY_${name}"`).join('\n');
  const steps = [
    'checkout',
    { 'migrate-deploy/build_and_push_image': { repo: 'hoge-stg', step_name: 'Build it' } },
    { run: { name: 'after build', command: show } },
    {
      'migrate-deploy/run_migration_task': {
        ...{ cluster: 'hoge-stg', task_definition: 'hoge-service-stg', command: 'rails db:migrate' },
        network_from_service: 'hoge-apps-service-stg',
      },
    },
    { run: { name: 'after migration', command: show } },
    { 'migrate-deploy/update_service_and_verify': { cluster: 'hoge-stg', service: 'hoge-apps-service-stg' } },
    { run: { name: 'after deployment', command: show } },
  ];
  const config = {
    version: 2.1,
    orbs: { 'migrate-deploy': 'org/migrate-deploy@1' },
    jobs: { all: { machine: true, steps } },
    workflows: { w: { jobs: ['all'] } },
  };
  const result = await runConfig(world, config, { variables: staticKeys(world) });
  expect(result.status, outputOf(result)).toBe('success');
  const shown = (step: string) =>
    Object.fromEntries(
      (result.jobs[0]?.steps.find(({ name }) => name === step)?.output ?? '')
        .split('\n')
        .map((line) => line.split(/=(.*)/s).slice(0, 2)),
    );
  const [digest] = world.model.truth.serving('hoge-apps-service-stg').imageDigests;
  expect(shown('after build')).toMatchObject({ IMAGE: `${world.uri}@${digest}`, TASK_ARN: '', VERDICT: 'succeeded' });
  expect(shown('after migration')).toMatchObject({
    TASK_ARN: expect.stringMatching(/^arn:aws:ecs:.*:task\/hoge-stg\//),
    TASK_DEFINITION: expect.stringMatching(/task-definition\/hoge-service-stg:2$/),
  });
  // The migration's revision was not deployed to the service, though a variable of that name was set.
  expect(shown('after deployment')).toMatchObject({
    TASK_DEFINITION: expect.stringMatching(/task-definition\/hoge-apps-service-stg:2$/),
    DEPLOYMENT_ID: expect.stringMatching(/^ecs-svc\/\d+$/),
    VERDICT: 'deployed',
  });
  expect(result.jobs[0]?.steps.map(({ name }) => name)).toContain('Build it');
});
