import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasTool } from '../support/needs-tool.ts';
import { network, type ThirdPartyWorld, thirdPartyWorld } from './third-party-world.ts';

const hasBoto3 = hasTool({ name: 'boto3', probe: ['python3', '-c', 'import boto3'], install: 'pip install boto3' });
let world: ThirdPartyWorld;

/** Runs Python lines with `ecs`, a client of this AWS, and answers what they print as JSON. */
async function python(lines: string): Promise<unknown> {
  const path = join(world.folder, 'script.py');
  const head = `import boto3, json, time\necs = boto3.client('ecs', endpoint_url='${world.url}')\n`;
  await writeFile(path, `${head}network = json.loads('${JSON.stringify(network)}')\n${lines}`);
  const { exitCode, output } = await world.run('python3', [path]);
  if (exitCode !== 0) throw new Error(output);
  return JSON.parse(output);
}

describe.runIf(hasBoto3)('boto3, unchanged', () => {
  beforeAll(async () => {
    world = await thirdPartyWorld();
    await world.service('web');
  });
  afterAll(() => world.close());

  test('runs a migration and waits for it', async () => {
    const seen = await python(`
task = ecs.run_task(cluster='prod', taskDefinition='web', launchType='FARGATE', networkConfiguration=network)['tasks'][0]
ecs.get_waiter('tasks_stopped').wait(cluster='prod', tasks=[task['taskArn']], WaiterConfig={'Delay': 1})
done = ecs.describe_tasks(cluster='prod', tasks=[task['taskArn']])['tasks'][0]
print(json.dumps([done['stopCode'], done['containers'][0]['exitCode']]))`);
    expect(seen).toEqual(['EssentialContainerExited', 0]);
  }, 60_000);

  test('deploys, waits until stable, and finds its service deployment by the digits of the revision', async () => {
    const seen = await python(`
answer = ecs.update_service(cluster='prod', service='web', forceNewDeployment=True)['service']
own = answer['deployments'][0]['id']
ecs.get_waiter('services_stable').wait(cluster='prod', services=['web'], WaiterConfig={'Delay': 1})
listed = ecs.list_service_deployments(cluster='prod', service='web')['serviceDeployments'][0]
linked = listed['targetServiceRevisionArn'].split('/')[-1] == own.split('/')[-1]
print(json.dumps([answer['deploymentController'], linked, listed['status'], 'currentServiceDeployment' in answer]))`);
    expect(seen).toEqual([{ type: 'ECS' }, true, 'SUCCESSFUL', false]);
  }, 60_000);

  test('rolls back: the PRIMARY of before is PRIMARY again', async () => {
    world.model.behaviours.script({ image: ':v1', kind: 'service' }, { pendingMs: 20_000 });
    const seen = await python(`
before = ecs.describe_services(cluster='prod', services=['web'])['services'][0]['deployments'][0]
ecs.update_service(cluster='prod', service='web', forceNewDeployment=True)
time.sleep(1)
arn = ecs.list_service_deployments(cluster='prod', service='web')['serviceDeployments'][0]['serviceDeploymentArn']
ecs.stop_service_deployment(serviceDeploymentArn=arn, stopType='ROLLBACK')
status = ''
while not status.startswith('ROLLBACK_') or status in ('ROLLBACK_REQUESTED', 'ROLLBACK_IN_PROGRESS'):
    time.sleep(0.2)
    status = ecs.describe_service_deployments(serviceDeploymentArns=[arn])['serviceDeployments'][0]['status']
after = ecs.describe_services(cluster='prod', services=['web'])['services'][0]['deployments'][0]
print(json.dumps([status, before['id'] == after['id'], before['createdAt'] == after['createdAt']]))`);
    expect(seen).toEqual(['ROLLBACK_SUCCESSFUL', true, true]);
    expect(world.model.truth.rollouts('web')[0]?.end).toBe('rolled back');
  }, 60_000);

  test('is told what it may not ask: service deployments of more than three months ago', async () => {
    const seen = await python(`
from datetime import datetime, timedelta
try:
    ecs.list_service_deployments(cluster='prod', service='web', createdAt={'after': datetime.now() - timedelta(days=120)})
except ecs.exceptions.InvalidParameterException as error:
    print(json.dumps(error.response['Error']['Message']))`);
    expect(seen).toBe('Before and After time filter must be within the last 3 months.');
  }, 60_000);
});
