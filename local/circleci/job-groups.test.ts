import { describe, expect, it } from 'vitest';
import { expandConfig } from './expand.ts';
import { runWorkflow } from './runner.ts';

const config = (migrate: string, more = '') => `
version: 2.1
jobs:
  build: {machine: true, steps: [{run: 'true'}]}
  migrate: {machine: true, steps: [{run: '${migrate}'}]}
  deploy: {machine: true, steps: [{run: 'true'}]}
  after: {machine: true, steps: [{run: 'true'}]}
job-groups:
  release:
    jobs:
      - migrate
      - deploy: {requires: [migrate]}
workflows:
  w:
    jobs:
      - build
      - release: {requires: [build], serial-group: production${more}}
      - after: {requires: [release]}
`;
const run = async (migrate: string) => {
  const { jobs } = await runWorkflow(expandConfig(config(migrate)), { projectDir: '.' });
  return jobs.map(({ name, status }) => [name, status]);
};

describe('job groups', () => {
  it('run in the place of their call; what requires them comes last', async () => {
    expect(await run('true')).toEqual(['build', 'migrate', 'deploy', 'after'].map((name) => [name, 'success']));
  });

  it('with a member that failed keep what requires them from running', async () => {
    expect(await run('exit 1')).toEqual([
      ['build', 'success'],
      ['migrate', 'failed'],
      ['deploy', 'not_run'],
      ['after', 'not_run'],
    ]);
  });

  it('are one unit of their serial group', () => {
    const [workflow] = expandConfig(config('true')).workflows;
    expect(workflow?.jobs.map(({ name, serialGroup }) => [name, serialGroup])).toEqual([
      ['build', undefined],
      ['migrate', 'production'],
      ['deploy', 'production'],
      ['after', undefined],
    ]);
  });

  it('take no parameters', () => {
    expect(() => expandConfig(config('true', ', cluster: c'))).toThrow('extraneous key [cluster] is not permitted');
  });
});
