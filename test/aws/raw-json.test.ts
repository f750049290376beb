import { describe, expect, it } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import type { WireRequest, WireResponse } from '../../local/aws/wire.ts';
import { dryRunLines } from '../../src/report/dry-run-text.ts';
import { type DefinitionDocument, withImages } from '../../src/task-definition/pin.ts';
import { inProcess } from '../support/in-process.ts';

describe('task definitions keep what the SDK does not know', () => {
  it('a member from the future survives register and describe, at both levels', async () => {
    const model = new LocalAws();
    const { aws } = await inProcess(model);
    const document = {
      family: 'web',
      futureMember: { nested: ['a', 1, true, null], text: 'é "quoted" \\ \u2028' },
      containerDefinitions: [{ name: 'web', image: 'web:1', memory: 128, futureSetting: { on: false } }],
    };
    await aws.ecs.registerTaskDefinition(document);
    const { taskDefinition } = await aws.ecs.describeTaskDefinition('web:1');
    expect(taskDefinition.futureMember).toEqual(document.futureMember);
    expect(taskDefinition.containerDefinitions?.[0]?.futureSetting).toEqual({ on: false });
  });

  it('the bytes that go out are the document, and the SDK signs them', async () => {
    const model = new LocalAws();
    const { aws } = await inProcess(model);
    const document = {
      family: 'web',
      containerDefinitions: [{ name: 'web', image: 'web:1', memory: 128, environment: [{ name: 'EMPTY', value: '' }] }],
    };
    await aws.ecs.registerTaskDefinition(document);
    const [request] = model.requests;
    expect(request?.input).toEqual(document);
    expect(request?.headers.authorization).toMatch(/^AWS4-HMAC-SHA256 Credential=AKIALOCALAWS/);
    expect(Number(request?.headers['content-length'])).toBe(Buffer.byteLength(JSON.stringify(document)));
  });

  it('tags come back beside the definition', async () => {
    const model = new LocalAws();
    const { aws } = await inProcess(model);
    await aws.ecs.registerTaskDefinition({
      family: 'web',
      tags: [{ key: 'team', value: 'core' }],
      containerDefinitions: [{ name: 'web', image: 'web:1', memory: 128 }],
    });
    expect((await aws.ecs.describeTaskDefinition('web')).tags).toEqual([{ key: 'team', value: 'core' }]);
  });

  it('numbers keep their digits from DescribeTaskDefinition to RegisterTaskDefinition', async () => {
    const model = new LocalAws();
    model.taskDefinitions.register({
      family: 'web',
      containerDefinitions: [
        { name: 'web', image: 'web:1', memory: 128, linuxParameters: { sharedMemorySize: 64, swappiness: 7 } },
      ],
    });
    const bodies: string[] = [];
    const handle = async (request: WireRequest): Promise<WireResponse> => {
      bodies.push(new TextDecoder().decode(request.body));
      const answer = await model.handle(request);
      const body = String(answer.body)
        .replace('"sharedMemorySize":64', '"sharedMemorySize":9007199254740993')
        .replace('"swappiness":7', '"swappiness":1.0');
      return { ...answer, body };
    };
    const { aws } = await inProcess({ clock: model.clock, handle });
    const { taskDefinition } = await aws.ecs.describeTaskDefinition('web');
    const register = withImages(taskDefinition as DefinitionDocument, { web: 'web:2' });
    await aws.ecs.registerTaskDefinition({ ...register });
    expect(bodies.at(-1)).toContain('"linuxParameters":{"sharedMemorySize":9007199254740993,"swappiness":1.0}');
    expect(
      dryRunLines({ action: 'ecs:RegisterTaskDefinition', input: register }).map(({ text }) => text.trim()),
    ).toContain('"sharedMemorySize": 9007199254740993,');
  });
});
