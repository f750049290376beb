import { describe, expect, test } from 'vitest';
import { LocalAws } from '../../local/aws/local-aws.ts';
import { createLogReader } from '../../src/task/log-reader.ts';
import { inProcess } from '../support/in-process.ts';

const place = { kind: 'awslogs', group: '/ecs/app', stream: 's', region: 'eu-west-1' } as const;

async function world() {
  const model = new LocalAws();
  const { aws } = await inProcess(model);
  const write = (from: number, to: number): void => {
    for (let index = from; index < to; index++) model.logs.write('/ecs/app', 's', `line ${index}`);
    model.clock.advance(2_000);
  };
  const reader = createLogReader(place, aws.logs('eu-west-1'));
  const read = async (upTo: 'the end' | 'a short page' = 'the end'): Promise<string[]> => {
    const got: string[] = [];
    await reader.read((line) => got.push(line), { upTo }).catch(() => got.push('(failed)'));
    return got;
  };
  return { model, write, read, reader };
}

const lines = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => `line ${from + index}`);

describe('one read', () => {
  test('takes all pages, also behind an empty one', async () => {
    const { model, write, read } = await world();
    model.settings.logPageSize = 10;
    model.settings.emptyLogPageEvery = 2;
    write(0, 95);
    expect(await read()).toEqual(lines(0, 95));
  });

  test('goes on where the last one ended, each line once', async () => {
    const { write, read } = await world();
    write(0, 3);
    expect(await read()).toEqual(lines(0, 3));
    expect(await read()).toEqual([]);
    write(3, 5);
    expect(await read()).toEqual(lines(3, 5));
  });

  test('with more looks to come asks once for a few lines, and follows a flood', async () => {
    const { model, write, read } = await world();
    write(0, 3);
    expect(await read('a short page')).toEqual(lines(0, 3));
    expect(model.requests).toHaveLength(1);
    model.settings.logPageSize = 150;
    write(3, 400);
    expect(await read('a short page')).toEqual(lines(3, 400));
    expect(model.requests).toHaveLength(4);
  });

  test('of a stream or a group that is not there yet is empty', async () => {
    const { model, write, read } = await world();
    expect(await read()).toEqual([]);
    model.logs.createGroup('/ecs/app');
    expect(await read()).toEqual([]);
    write(0, 1);
    expect(await read()).toEqual(lines(0, 1));
  });

  test('that fails on a later page loses none of the lines before it', async () => {
    const { model, write, read } = await world();
    model.settings.logPageSize = 10;
    write(0, 30);
    model.faults.script({
      kind: 'error',
      type: 'ServiceUnavailableException',
      status: 500,
      operation: 'GetLogEvents',
      skip: 1,
      times: 3,
    });
    expect(await read()).toEqual([...lines(0, 10), '(failed)']);
    expect(await read()).toEqual(lines(10, 30));
  });

  test('follows long lines, which fill a page although they are few', async () => {
    const { model, read } = await world();
    model.settings.logPageSize = 5;
    for (let index = 0; index < 50; index++) model.logs.write('/ecs/app', 's', `${index} ${'x'.repeat(200_000)}`);
    model.clock.advance(2_000);
    expect((await read('a short page')).map((line) => line.split(' ')[0])).toEqual(
      Array.from({ length: 50 }, (_, index) => String(index)),
    );
  });

  test('ends between two pages when its time is over, and the next one goes on there', async () => {
    const { model, write, reader, read } = await world();
    model.settings.logPageSize = 10;
    write(0, 50);
    const got: string[] = [];
    await reader.read((line) => got.push(line), { upTo: 'the end', isOver: () => got.length >= 20 });
    expect(got).toEqual(lines(0, 20));
    expect(await read()).toEqual(lines(20, 50));
  });

  test('asks for no further page while whoever reads our output is behind', async () => {
    const { model, write, reader } = await world();
    model.settings.logPageSize = 10;
    write(0, 50);
    let release: (() => void) | undefined;
    const drained = () =>
      new Promise<void>((resolve) => {
        release = resolve;
      });
    const got: string[] = [];
    const reading = reader.read((line) => got.push(line), { upTo: 'the end', drained });
    for (const expected of [10, 20, 30, 40, 50, 50]) {
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      expect(got).toHaveLength(expected);
      release?.();
    }
    await reading;
  });
});
