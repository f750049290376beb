import { describe, expect, test } from 'vitest';
import { breaker, crash, definitionOf, registry, requestsOf, rolloutWorld, targetGroup } from './rollout-world.ts';

const image = (tag: string): string => `${registry}/web:${tag}`;

const place = { region: 'eu-west-1', account: '123456789012', cluster: 'prod' };
const record = (more: object) =>
  JSON.stringify({ schemaVersion: 2, startedAt: '2026-01-05T09:00:00.000Z', verdict: 'succeeded', ...more });
const migration = (taskDefinition: string, more: object = {}) =>
  record({ stage: 'run-migration-task', ...place, taskDefinition, ...more });
const build = (pinned: string, more: object = {}) =>
  record({ stage: 'build-and-push-image', repository: `${registry}/web`, tags: ['v2'], image: pinned, ...more });
const revision = (name: string): string => `arn:aws:ecs:eu-west-1:123456789012:task-definition/${name}`;

describe('the records of earlier stages', () => {
  test('the revision that migrated is the one that is deployed', async () => {
    const { model, ecs, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('web', { image: image('v2') }));
    const { exitCode, stdout } = await deploy(['--service', 'web', '--record-dir', 'r'], {
      files: { 'r/run-migration-task.json': migration('arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2') },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Deploying web:2, the revision that migrated.');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  test('a migration of another family gives its image: the one that was built', async () => {
    const { model, digests, deploy } = await rolloutWorld();
    const { exitCode, stdout } = await deploy(['--service', 'web', '--record-dir', 'r'], {
      files: {
        'r/run-migration-task.json': migration('arn:aws:ecs:eu-west-1:123456789012:task-definition/migrate:7'),
        'r/build-and-push-image.json': build(`${registry}/web@${digests.v2}`),
      },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('the image that was built.');
    expect(model.truth.serving('web').imageDigests).toEqual([digests.v2]);
  });

  test('a migration that did not succeed forbids the rollout', async () => {
    const { model, deploy } = await rolloutWorld();
    const { exitCode, stderr } = await deploy(['--service', 'web', '--record-dir', 'r'], {
      files: { 'r/run-migration-task.json': migration(revision('web:1'), { verdict: 'failed' }) },
    });
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The record of the migration in cluster prod says that it did not succeed.');
    expect(requestsOf(model, 'UpdateService')).toEqual([]);
  });

  test('an image that was asked for wins, but not in silence', async () => {
    const { digests, deploy } = await rolloutWorld();
    const args = ['--service', 'web', '--record-dir', 'r', '--image', `${registry}/web@${digests.v3}`];
    const { exitCode, stdout } = await deploy(args, {
      files: { 'r/build-and-push-image.json': build(`${registry}/web@${digests.v2}`) },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Warning: --image is not the image that was built');
  });
});

describe('a definition given as a whole', () => {
  const file = (more: object = {}) =>
    JSON.stringify({ ...definitionOf('web', { image: image('v2'), command: ['serve'] }), ...more });
  const container = (members: object) => definitionOf('web', { image: image('v2'), ...members });

  test('is registered and deployed; tags of the old one stay', async () => {
    const { model, deploy, service } = await rolloutWorld({ service: false });
    const tags = [{ key: 'team', value: 'a' }];
    await service('web', {}, {}, { tags });
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'td.json'], {
      files: { 'td.json': file() },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('+ container web: command added');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([expect.objectContaining({ family: 'web', tags })]);
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  test('numbers keep their digits', async () => {
    const { deploy } = await rolloutWorld();
    const args = ['--service', 'web', '--task-definition', 'td.json', '--dry-run'];
    const text = file().replace('"command":', '"linuxParameters":{"sharedMemorySize":9007199254740993},"command":');
    const { exitCode, stdout } = await deploy(args, { files: { 'td.json': text } });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('"sharedMemorySize": 9007199254740993');
  });

  test('tags that AWS put there are not sent again', async () => {
    const { model, deploy, service } = await rolloutWorld({ service: false });
    await service(
      'web',
      {},
      {},
      {
        tags: [
          { key: 'aws:cloudformation:stack-name', value: 's' },
          { key: 'team', value: 'a' },
        ],
      },
    );
    await deploy(['--service', 'web', '--image', image('v2')]);
    expect(requestsOf(model, 'RegisterTaskDefinition')[0]?.tags).toEqual([{ key: 'team', value: 'a' }]);
  });

  test('also as describe-task-definition prints it', async () => {
    const { model, deploy } = await rolloutWorld();
    const text = JSON.stringify({ taskDefinition: { ...JSON.parse(file()), revision: 9, status: 'ACTIVE' }, tags: [] });
    const { exitCode } = await deploy(['--service', 'web', '--task-definition', 'file://td.json'], {
      files: { 'td.json': text },
    });
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'RegisterTaskDefinition')[0]).not.toHaveProperty('revision');
  });

  test.each<[string, object, string]>([
    ['tags as a map', { tags: { team: 'a' } }, 'tags must be a list'],
    ['a tag without a key', { tags: [{ value: 'a' }] }, 'tags[0].key is missing'],
    [
      'a tag without a key beside the definition',
      { taskDefinition: definitionOf('web'), tags: [{ value: 'a' }] },
      'tags[0].key is missing',
    ],
    [
      'an environment as a map',
      container({ environment: { A: 'geheim' } }),
      'containerDefinitions[0].environment must be a list',
    ],
    ['an empty entry', container({ environment: [null] }), 'containerDefinitions[0].environment[0] must be an object'],
    [
      'one port without its list',
      container({ portMappings: { containerPort: 80 } }),
      'containerDefinitions[0].portMappings must be a list',
    ],
    ['an image that is a number', container({ image: 5 }), 'containerDefinitions[0].image must be a string'],
    [
      'a container without a name',
      { containerDefinitions: [{ image: 'web' }] },
      'containerDefinitions[0].name is missing',
    ],
    [
      'two of one name',
      { containerDefinitions: [{ name: 'a' }, { name: 'a' }] },
      'containerDefinitions[1] names a container that was named before',
    ],
    ['no container', { containerDefinitions: [] }, 'containerDefinitions must have a container'],
    ['no list of containers', { containerDefinitions: undefined }, 'containerDefinitions is missing'],
    ['a list for an object', { containerDefinitions: [[]] }, 'containerDefinitions[0] must be an object'],
  ])('%s is refused before anything is asked', async (_rule, more, error) => {
    const { model, deploy } = await rolloutWorld();
    const args = ['--service', 'web', '--task-definition', 'td.json', '--env', 'web:X=1'];
    const before = model.requests.length;
    const { exitCode, stderr } = await deploy(args, { files: { 'td.json': file(more) } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain(error);
    expect(stderr).not.toContain('geheim');
    expect(model.requests.length).toBe(before);
  });

  test('members that are null are as good as absent', async () => {
    const { deploy } = await rolloutWorld();
    const text = file({ ...container({ environment: null, secrets: null, portMappings: null }), volumes: null });
    const args = ['--service', 'web', '--task-definition', 'td.json', '--env', 'web:X=1', '--dry-run'];
    const { exitCode, stdout } = await deploy(args, { files: { 'td.json': text } });
    expect(stdout).toContain('+ container web: environment X added');
    expect(exitCode).toBe(0);
  });

  test('one that says what runs already is no change', async () => {
    const { model, deploy } = await rolloutWorld();
    const text = JSON.stringify(definitionOf('web'));
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'td.json'], {
      files: { 'td.json': text },
    });
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web serves web:1 already: nothing was changed.');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
    expect(requestsOf(model, 'UpdateService')).toEqual([]);
  });
});

describe('an existing revision', () => {
  test('by family and revision', async () => {
    const { ecs, model, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('web', { image: image('v2') }));
    const { exitCode } = await deploy(['--service', 'web', '--task-definition', 'web:2']);
    expect(exitCode).toBe(0);
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
  });

  test('one that is INACTIVE is refused before anything changes', async () => {
    const { ecs, model, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('web', { image: image('v2') }));
    await ecs('DeregisterTaskDefinition', { taskDefinition: 'web:2' });
    const { exitCode, stderr } = await deploy(['--service', 'web', '--task-definition', 'web:2']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The task definition web:2 is INACTIVE.');
    expect(requestsOf(model, 'UpdateService')).toEqual([]);
  });

  test('--family that is not the service’s own is refused: another family is another program', async () => {
    const { ecs, model, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('worker'));
    const { exitCode, stderr } = await deploy(['--service', 'web', '--family', 'worker', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('The service web runs the task definition family web, not worker.');
    for (const operation of ['RegisterTaskDefinition', 'UpdateService'])
      expect(requestsOf(model, operation)).toEqual([]);
  });

  test('another family that --task-definition names is deployed, and its differences from what serves are told', async () => {
    const { ecs, model, deploy } = await rolloutWorld();
    await ecs('RegisterTaskDefinition', definitionOf('worker', { environment: [{ name: 'QUEUE', value: 'x' }] }));
    const { exitCode, stdout } = await deploy(['--service', 'web', '--task-definition', 'worker:1']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web: changes from web:1');
    expect(stdout).toContain('+ container web: environment QUEUE added');
    expect(stdout).toContain('- container web: environment MODE removed');
    expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/worker:1$/);
  });
});

test('a revision that says the same already, from a run that failed, is deployed again instead of registered again', async () => {
  const { model, digests, deploy } = await rolloutWorld({ more: breaker });
  model.behaviours.script({ image: digests.v2 ?? '', times: 9 }, crash);
  expect((await deploy(['--service', 'web', '--image', image('v2')])).exitCode).toBe(1);
  model.clock.advance(600_000);
  model.behaviours.clear();
  const { exitCode, stdout } = await deploy(['--service', 'web', '--image', image('v2')]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('web: web:2 says just that; no new revision.');
  expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(1);
  expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/web:2$/);
});

test('a family that is new is registered', async () => {
  const { model, deploy } = await rolloutWorld();
  const files = { 'td.json': JSON.stringify(definitionOf('brand-new')) };
  const { exitCode } = await deploy(['--service', 'web', '--task-definition', 'td.json'], { files });
  expect(exitCode).toBe(0);
  expect(model.truth.serving('web').taskDefinitionArns[0]).toMatch(/brand-new:1$/);
});

describe('many services', () => {
  test.each([
    [
      'got no answer',
      { kind: 'empty-500' as const },
      3,
      'Amazon ECS did not answer the update of b, and no deployment of it was seen. It may have been carried out all the same.',
    ],
    ['was refused', { kind: 'error' as const, type: 'ClientException', message: 'no' }, 2, 'b was not updated.'],
  ])('the one whose update %s is named', async (_rule, fault, code, text) => {
    const { model, service, deploy } = await rolloutWorld();
    await service('b', {}, { name: 'web' });
    model.faults.script({ ...fault, operation: 'UpdateService', skip: 1, times: 1_000 });
    const { exitCode, stdout } = await deploy(['--service', 'web,b', '--image', image('v2')]);
    expect(exitCode).toBe(code);
    expect(stdout).toContain('web serves web:2');
    expect(stdout).toContain(text);
  });

  test('one that is named by name and by ARN is updated once', async () => {
    const { model, deploy } = await rolloutWorld();
    const arn = 'arn:aws:ecs:eu-west-1:123456789012:service/prod/web';
    const { exitCode } = await deploy(['--service', 'web', '--service', arn, '--force-new-deployment']);
    expect(exitCode).toBe(0);
    expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  });

  test('the same change of the same definition is registered once', async () => {
    const { model, ecs, deploy } = await rolloutWorld();
    const web = model.services.find('prod', 'web')?.config;
    await ecs('CreateService', { ...web, cluster: 'prod', serviceName: 'worker', desiredCount: 1 });
    model.clock.advance(3_600_000);
    const { exitCode, stdout } = await deploy(['--service', 'web,worker', '--image', image('v2')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('2 of 2 services are green.');
    expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(1);
  });

  test('one that AWS refuses to update does not keep the others from being followed', async () => {
    const { model, service, deploy } = await rolloutWorld();
    await service('other');
    const message = 'User: ci is not authorized to perform: ecs:UpdateService on resource: other';
    model.faults.script({ kind: 'error', operation: 'UpdateService', skip: 1, type: 'AccessDeniedException', message });
    const { exitCode, stdout } = await deploy(['--service', 'web', '--service', 'other', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(stdout).toContain('web serves web:2');
    expect(stdout).toContain('Allow ecs:UpdateService on other');
    expect(stdout).toContain('1 of 2 services are green.');
  });

  test('one that does not exist keeps all from being changed', async () => {
    const { model, deploy } = await rolloutWorld();
    const { exitCode } = await deploy(['--service', 'web', '--service', 'nope', '--image', image('v2')]);
    expect(exitCode).toBe(2);
    expect(requestsOf(model, 'RegisterTaskDefinition')).toEqual([]);
  });
});

test('--desired-count alone makes no deployment and is done when the tasks run', async () => {
  const { model, deploy } = await rolloutWorld();
  const { exitCode, stdout } = await deploy(['--service', 'web', '--desired-count', '4']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('only the number of tasks changes');
  expect(model.truth.serving('web').taskArns).toHaveLength(4);
  expect(model.services.find('prod', 'web')?.serviceDeployments).toHaveLength(1);
});

test('--desired-count alone sends no revision: it cannot undo a deployment that begins meanwhile', async () => {
  const { model, deploy } = await rolloutWorld();
  await deploy(['--service', 'web', '--desired-count', '4']);
  expect(requestsOf(model, 'UpdateService')).toEqual([{ cluster: 'prod', service: 'web', desiredCount: 4 }]);
});

test('--desired-count with a revision that is set already sends both: that revision is to run', async () => {
  const { model, deploy } = await rolloutWorld();
  await deploy(['--service', 'web', '--desired-count', '4', '--task-definition', 'web:1']);
  expect(requestsOf(model, 'UpdateService')).toMatchObject([{ taskDefinition: expect.stringMatching(/web:1$/) }]);
});

test('tasks that leave from a scaling of before do not count for the new number', async () => {
  const loadBalancers = [{ targetGroupArn: targetGroup, containerName: 'web', containerPort: 8080 }];
  const world = await rolloutWorld({ more: { loadBalancers } });
  world.model.services.settings.deregistrationDelayMs = 60_000;
  await world.model.operators.scale('prod', 'web', 0);
  world.model.clock.advance(1_000);
  const { exitCode } = await world.deploy(['--service', 'web', '--desired-count', '2']);
  expect(exitCode).toBe(0);
  expect(world.model.truth.serving('web').taskArns).toHaveLength(2);
});

test('--no-verify starts the deployment and says that it is not verified', async () => {
  const { model, deploy } = await rolloutWorld();
  const { exitCode, stdout } = await deploy(['--service', 'web', '--image', image('v2'), '--no-verify']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('web: started, not verified.');
  expect(stdout).not.toMatch(/deployed|web serves/);
  expect(requestsOf(model, 'UpdateService')).toHaveLength(1);
  expect(requestsOf(model, 'DescribeServices')).toHaveLength(1);
});

test('two jobs that register at the same moment both get their revision', async () => {
  const { model, deploy } = await rolloutWorld();
  const message = 'Too many concurrent attempts to create a new revision of the specified family.';
  model.faults.script({
    kind: 'error',
    operation: 'RegisterTaskDefinition',
    times: 2,
    type: 'ClientException',
    message,
  });
  const { exitCode } = await deploy(['--service', 'web', '--image', image('v2')]);
  expect(exitCode).toBe(0);
  expect(requestsOf(model, 'RegisterTaskDefinition')).toHaveLength(3);
});

test('--output json is one document, the record validates, and both say the same', async () => {
  const { deploy, digests } = await rolloutWorld();
  const args = ['--service', 'web', '--image', image('v2'), '--output', 'json', '--record-dir', 'r'];
  const { exitCode, stdout, stderr, files } = await deploy(args, { env: { CIRCLE_BRANCH: 'main' } });
  expect(exitCode).toBe(0);
  expect(stderr).toContain('web serves web:2');
  expect(JSON.parse(stdout)).toMatchObject({
    exitCode: 0,
    services: [{ service: 'web', verdict: 'deployed', servesNow: expect.stringMatching(/web:2$/) }],
  });
  const { parseRecord } = await import('../../src/records/records.ts');
  const path = [...files.keys()].find((name) =>
    name.startsWith('r/update-service-and-verify.123456789012.eu-west-1.prod.web'),
  );
  const saved = parseRecord(path ?? '', files.get(path ?? '') ?? '');
  expect(saved).toMatchObject({
    verdict: 'deployed',
    account: '123456789012',
    region: 'eu-west-1',
    images: [{ name: 'web', imageDigest: digests.v2 }],
    ci: { branch: 'main' },
  });
  expect(saved).toMatchObject(JSON.parse(stdout).services[0]);
});

test('a wrong set of options is told all at once', async () => {
  const { model, deploy } = await rolloutWorld();
  const { exitCode, stderr } = await deploy([
    '--image',
    'Not An Image',
    '--container-image-name-updates',
    'tag=1',
    '--env',
    'canary0',
    '--env',
    ':=canary3',
    '--env',
    'A=canary1',
    '--env',
    'A=canary2',
    '--remove-secret',
    'X=1',
    '--secret',
    'no:name:here=canary4',
    '--until',
    'soon',
    '--max-failed-tasks',
    '0',
    '--check-url',
    'ftp://x',
    '--task-definition',
    'missing.json',
    '--timeout',
    'never',
    '--nonsense',
  ]);
  expect(exitCode).toBe(2);
  for (const error of [
    '--service is missing',
    '--image must be [CONTAINER=][REGISTRY/]REPOSITORY',
    '--container-image-name-updates: tag=1 stands before the first container=',
    '--env must be [CONTAINER:]NAME=VALUE; number 1 is not',
    '--env must be [CONTAINER:]NAME=VALUE; number 2 is not',
    '--secret must be [CONTAINER:]NAME=VALUE',
    '--env sets A twice',
    '--remove-secret must be [CONTAINER:]NAME, without a value',
    '--until must be one of deployed, drained',
    '--max-failed-tasks must be a whole number',
    '--check-url must be an http or https address',
    '--task-definition: there is no file missing.json',
    '--timeout must be a duration',
    '--nonsense is not an option',
    '--image and --container-image-name-updates exclude each other',
  ])
    expect(stderr).toContain(error);
  expect(stderr).not.toContain('canary');
  expect(model.requests).toEqual([]);
});

test.each(['--check-status=302', '--check-timeout=5s'])('%s without --check-url is an option error', async (option) => {
  const { deploy } = await rolloutWorld();
  const { exitCode, stderr } = await deploy(['--service', 'web', option]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain(`${option.split('=')[0]} needs --check-url`);
});

describe('beside the image', () => {
  test('a docker label and tags go into the new revision; tags of the old one stay', async () => {
    const { model, deploy } = await rolloutWorld();
    const args = ['--service', 'web', '--docker-label', 'com.acme.team=shop', '--task-definition-tags', 'release=2'];
    expect((await deploy(args)).exitCode).toBe(0);
    const [registered] = requestsOf(model, 'RegisterTaskDefinition');
    expect(registered).toMatchObject({
      containerDefinitions: [{ dockerLabels: { 'com.acme.team': 'shop' } }],
      tags: expect.arrayContaining([{ key: 'release', value: '2' }]),
    });
  });

  test('--enable-circuit-breaker turns it on and leaves the rest of the configuration as it is', async () => {
    const { model, ecs, deploy } = await rolloutWorld();
    const deploymentConfiguration = { minimumHealthyPercent: 50, maximumPercent: 150 };
    await ecs('UpdateService', { cluster: 'prod', service: 'web', deploymentConfiguration });
    expect((await deploy(['--service', 'web', '--force-new-deployment', '--enable-circuit-breaker'])).exitCode).toBe(0);
    expect(requestsOf(model, 'UpdateService').at(-1)?.deploymentConfiguration).toMatchObject({
      ...deploymentConfiguration,
      deploymentCircuitBreaker: { enable: true, rollback: true },
    });
  });

  test('a circuit breaker that stays off because nothing is deployed is said', async () => {
    const { model, ecs, deploy } = await rolloutWorld();
    const off = { deploymentCircuitBreaker: { enable: false, rollback: false } };
    await ecs('UpdateService', { cluster: 'prod', service: 'web', deploymentConfiguration: off });
    const before = requestsOf(model, 'UpdateService').length;
    const { stdout } = await deploy(['--service', 'web', '--task-definition', 'web:1', '--enable-circuit-breaker']);
    expect(stdout).toContain('its circuit breaker stays off, because nothing is deployed');
    expect(requestsOf(model, 'UpdateService')).toHaveLength(before);
  });
});
