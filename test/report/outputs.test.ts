import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/outcome.ts';
import { schemaVersion } from '../../src/records/schema.ts';
import { outputLines, outputsOf, withoutOutputs } from '../../src/report/outputs.ts';

const shared = { schemaVersion, startedAt: '2026-01-05T09:00:00.000Z' } as const;
const build = (image: string): Outcome => ({
  ...{ ...shared, stage: 'build-and-push-image', verdict: 'succeeded', repository: 'r', tags: [] },
  image,
});
const rollout = (service: string, verdict: Outcome['verdict'], deploymentId: string): Outcome => ({
  ...{ ...shared, stage: 'update-service-and-verify', cluster: 'prod', taskDefinition: 'web:7' },
  ...{ service, verdict, deploymentId },
});

/** What a shell has after it has read the lines. */
function readBy(shell: string, lines: string, env: Record<string, string> = {}): Record<string, string> {
  const { stdout } = spawnSync(shell, ['-c', `${lines}\nenv`], {
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', ...env },
  });
  const pairs = stdout.split('\n').filter((line) => line.startsWith('MIGRATE_DEPLOY_'));
  return Object.fromEntries(pairs.map((line) => [line.replace(/=.*/, ''), line.replace(/^[^=]*=/, '')]));
}

describe('outputs', () => {
  it('of several services stand side by side, and the gravest verdict counts', () => {
    expect(outputsOf([rollout('web', 'deployed', 'ecs-svc/1'), rollout('worker', 'failed', 'ecs-svc/2')])).toEqual({
      MIGRATE_DEPLOY_TASK_DEFINITION: 'web:7',
      MIGRATE_DEPLOY_DEPLOYMENT_ID: 'ecs-svc/1,ecs-svc/2',
      MIGRATE_DEPLOY_VERDICT: 'failed',
    });
  });

  it.each(['bash', 'dash'])('%s reads the lines; nothing in a value is run, and a later stage wins', (shell) => {
    const hostile = `'; touch pwned; echo '$(touch pwned)\`touch pwned\`"\\`;
    const lines = outputLines([build('first')]) + outputLines([build(hostile)]);
    expect(readBy(shell, lines)).toMatchObject({ MIGRATE_DEPLOY_IMAGE: hostile, MIGRATE_DEPLOY_VERDICT: 'succeeded' });
  });

  it('a step of the orb does not take them for its parameters', () => {
    const env = { ORB_SUBCOMMAND: 'update-service-and-verify', MIGRATE_DEPLOY_IMAGE: 'asked:1' };
    expect(readBy('bash', outputLines([build('built@sha256:1')]), env)).toEqual({ MIGRATE_DEPLOY_IMAGE: 'asked:1' });
  });

  it('the program that a user’s own step starts does not take them for options, but takes what the user sets', () => {
    const env = readBy('bash', outputLines([build('built@sha256:1')]));
    expect(withoutOutputs(env)).toEqual({});
    expect(withoutOutputs({ ...env, MIGRATE_DEPLOY_IMAGE: 'asked:1' })).toEqual({ MIGRATE_DEPLOY_IMAGE: 'asked:1' });
    expect(withoutOutputs({ MIGRATE_DEPLOY_IMAGE: 'asked:1' })).toEqual({ MIGRATE_DEPLOY_IMAGE: 'asked:1' });
    expect(withoutOutputs({ MIGRATE_DEPLOY_LAST_OUTPUTS: 'null', A: 'b' })).toEqual({ A: 'b' });
  });
});
