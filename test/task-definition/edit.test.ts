import { describe, expect, test } from 'vitest';
import { groupFailures } from '../../src/base/failure-groups.ts';
import { definitionDifferences } from '../../src/task-definition/diff.ts';
import {
  type Definition,
  type DefinitionChanges,
  editDefinition,
  imagesFor,
  registrable,
} from '../../src/task-definition/edit.ts';

const none: DefinitionChanges = {
  images: [],
  imageUpdates: [],
  environment: [],
  secrets: [],
  removeEnvironment: [],
  removeSecrets: [],
  dockerLabels: [],
};
const definition: Definition = {
  family: 'web',
  networkMode: 'awsvpc',
  somethingNew: { deep: [1, null] },
  containerDefinitions: [
    {
      name: 'web',
      image: 'repo/web:v1',
      environment: [
        { name: 'A', value: '1' },
        { name: 'B', value: '' },
      ],
      secrets: [{ name: 'KEY', valueFrom: 'arn:key' }],
      newerThanUs: true,
    },
    { name: 'proxy', image: 'repo/envoy:v1' },
  ],
};
const edit = (changes: Partial<DefinitionChanges>, images = new Map<string, string>()) =>
  editDefinition(definition, 'web:1', images, { ...none, ...changes });
const value = (container: string | undefined, name: string, text: string) => ({ container, name, value: text });

describe('editing', () => {
  test('only what only answers hold is left out when it is registered again', () => {
    const answered = {
      ...definition,
      taskDefinitionArn: 'arn',
      revision: 1,
      status: 'ACTIVE',
      deleteRequestedAt: 1,
      compatibilities: [],
    };
    expect(registrable(answered)).toEqual(definition);
  });

  test('members that nobody knows survive', () => {
    const { containerDefinitions, ...rest } = edit({ environment: [value('web', 'A', '2')] });
    expect(rest).toEqual({ family: 'web', networkMode: 'awsvpc', somethingNew: { deep: [1, null] } });
    expect(containerDefinitions?.[0]).toMatchObject({ newerThanUs: true });
  });

  test('a variable is replaced in its place, a new one comes last, an empty value stays', () => {
    const edited = edit({ environment: [value('web', 'A', '2'), value('web', 'C', '3')] });
    expect(edited.containerDefinitions?.[0]?.environment).toEqual([
      { name: 'A', value: '2' },
      { name: 'B', value: '' },
      { name: 'C', value: '3' },
    ]);
  });

  test('a variable takes the place of a secret of the same name, and the other way round', () => {
    const toPlain = edit({ environment: [value('web', 'KEY', 'x')] }).containerDefinitions?.[0];
    expect(toPlain).toMatchObject({ secrets: [], environment: expect.arrayContaining([{ name: 'KEY', value: 'x' }]) });
    const toSecret = edit({ secrets: [value('web', 'A', 'arn:a')] }).containerDefinitions?.[0];
    expect(toSecret?.environment).toEqual([{ name: 'B', value: '' }]);
    expect(toSecret?.secrets).toContainEqual({ name: 'A', valueFrom: 'arn:a' });
  });

  test('removals', () => {
    const edited = edit({
      removeEnvironment: [{ container: 'web', name: 'A' }],
      removeSecrets: [{ container: 'web', name: 'KEY' }],
    }).containerDefinitions?.[0];
    expect(edited).toMatchObject({ environment: [{ name: 'B', value: '' }], secrets: [] });
  });

  test('an unknown container is an error with the list of the real ones', () => {
    expect(() => edit({ environment: [value('wep', 'A', '1')] })).toThrow(
      'The task definition web:1 has no container named wep.',
    );
  });

  test('no container named, and several there: an error', () => {
    expect(() => edit({ environment: [value(undefined, 'A', '1')] })).toThrow(
      'It is not clear which container of web:1 --env is for.',
    );
  });
});

describe('which container gets an image', () => {
  const images = (changes: Partial<DefinitionChanges>, of = definition) =>
    imagesFor(of, 'web:1', { ...none, ...changes });

  test.each<[string, DefinitionChanges['images'], [string, string][]]>([
    ['the named one', [{ container: 'proxy', image: 'x:1' }], [['proxy', 'x:1']]],
    ['the one of the same repository', [{ container: undefined, image: 'repo/web:v2' }], [['web', 'repo/web:v2']]],
  ])('%s', (_rule, given, expected) => {
    expect([...images({ images: given })]).toEqual(expected);
  });

  test('the only one, whatever its repository', () => {
    const single = { ...definition, containerDefinitions: [{ name: 'web', image: 'repo/web:v1' }] };
    expect([...images({ images: [{ container: undefined, image: 'other:1' }] }, single)]).toEqual([['web', 'other:1']]);
  });

  test('all of the same repository', () => {
    const twins = {
      containerDefinitions: [
        { name: 'web', image: 'repo/app:1' },
        { name: 'worker', image: 'repo/app:1' },
        { name: 'x', image: 'y' },
      ],
    };
    expect([...images({ images: [{ container: undefined, image: 'repo/app:2' }] }, twins).keys()]).toEqual([
      'web',
      'worker',
    ]);
  });

  test('none of the same repository is an error that names them', () => {
    expect(() => images({ images: [{ container: undefined, image: 'other/app:2' }] })).toThrow(
      'It is not clear which container',
    );
  });

  test('no tag to keep is an error', () => {
    const pinned = { containerDefinitions: [{ name: 'web', image: `repo/web@sha256:${'0'.repeat(64)}` }] };
    expect(() => images({ imageUpdates: [{ container: 'web', image: 'other/web' }] }, pinned)).toThrow(
      'no tag that could be kept',
    );
  });
});

describe('differences', () => {
  test('names only, but images whole', () => {
    const after = edit(
      { environment: [value('web', 'A', 'secret')], removeSecrets: [{ container: 'web', name: 'KEY' }] },
      new Map([['web', 'repo/web:v2']]),
    );
    const differences = definitionDifferences(definition, after);
    expect(differences).toEqual([
      { place: 'container web: image', change: 'changed', from: 'repo/web:v1', to: 'repo/web:v2' },
      { place: 'container web: environment A', change: 'changed' },
      { place: 'container web: secrets KEY', change: 'removed' },
    ]);
    expect(JSON.stringify(differences)).not.toContain('secret"');
  });

  test('a variable that is named image is told by its name too', () => {
    const after = edit({ environment: [value('web', 'image', 'secret')] });
    expect(definitionDifferences(definition, after)).toEqual([
      { place: 'container web: environment image', change: 'added' },
    ]);
  });

  test.each<[string, Definition]>([
    [
      'defaults that ECS fills in',
      { ...definition, volumes: [], placementConstraints: [], revision: 7, taskDefinitionArn: 'arn' },
    ],
    [
      'the order of variables',
      {
        ...definition,
        containerDefinitions: (definition.containerDefinitions ?? []).map((one) => ({
          ...one,
          environment: [...((one.environment as []) ?? [])].reverse(),
        })),
      },
    ],
    [
      'defaults of a container',
      {
        ...definition,
        containerDefinitions: (definition.containerDefinitions ?? []).map((one) => ({
          cpu: 0,
          essential: true,
          mountPoints: [],
          ...one,
        })),
      },
    ],
  ])('%s make none', (_rule, after) => {
    expect(definitionDifferences(definition, after)).toEqual([]);
  });

  test('ports as ECS echoes them make none', () => {
    const before = {
      networkMode: 'awsvpc',
      containerDefinitions: [{ name: 'a', portMappings: [{ containerPort: 80 }] }],
    };
    const after = {
      networkMode: 'awsvpc',
      containerDefinitions: [{ name: 'a', portMappings: [{ containerPort: 80, hostPort: 80, protocol: 'tcp' }] }],
    };
    expect(definitionDifferences(before, after)).toEqual([]);
  });

  test('a container that comes or goes', () => {
    const after = { ...definition, containerDefinitions: definition.containerDefinitions?.slice(0, 1) ?? [] };
    expect(definitionDifferences(definition, after)).toContainEqual({ place: 'container proxy', change: 'removed' });
  });
});

test('tasks that failed alike stand together, whatever their ids say', () => {
  const one = (id: string, exitCode: number) => ({
    id,
    stopCode: 'EssentialContainerExited',
    stoppedReason: `Task failed ELB health checks in (target-group arn:aws:${id})`,
    containers: [{ name: 'web', exitCode }],
  });
  const groups = groupFailures([one('111122223333', 1), one('444455556666', 1), one('777788889999', 137)]);
  expect(groups.map((group) => group.map(({ id }) => id))).toEqual([
    ['111122223333', '444455556666'],
    ['777788889999'],
  ]);
});
