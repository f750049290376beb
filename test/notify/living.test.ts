import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeSlack, faultOf, startFakeSlack } from '../../local/slack/fake-slack.ts';
import { runCli } from '../../src/cli.ts';
import { systemHttp } from '../../src/node.ts';
import type { Outcome } from '../../src/outcome.ts';
import { recordName } from '../../src/records/records.ts';
import { built, ci, migrated, pipelines } from '../report/outcomes.ts';
import { shown as pages } from '../report/pages.ts';
import { memoryFiles } from '../support/memory-files.ts';

let slack: FakeSlack;
beforeEach(async () => {
  slack = await startFakeSlack();
});
afterEach(() => slack.close());

/** A pipeline whose jobs share a workspace; each ends with notify-slack. */
function pipeline(more: Record<string, string> = {}) {
  const files = memoryFiles();
  let nowMs = Date.parse('2026-01-12T09:00:00Z');
  const job = async (name: string, records: readonly Outcome[], args: readonly string[] = [], folder = 'deploy') => {
    for (const one of records) files.contents.set(`${folder}/${recordName(one)}`, JSON.stringify(one));
    const output = { text: '' };
    const stream = {
      isTty: false,
      write: (text: string) => {
        output.text += text;
      },
    };
    nowMs += 60_000;
    const exitCode = await runCli(['notify-slack', '--record-dir', folder, '--slack-api-url', slack.apiUrl, ...args], {
      env: {
        ...{ SLACK_ACCESS_TOKEN: slack.botToken, SLACK_DEFAULT_CHANNEL: '#deploys', CIRCLE_SHA1: ci.commit },
        ...{ CIRCLE_JOB: name, CIRCLE_USERNAME: 'momiji', CIRCLE_REPOSITORY_URL: ci.repositoryUrl },
        ...{ CIRCLE_PROJECT_USERNAME: 'acme', CIRCLE_PROJECT_REPONAME: 'shop', CIRCLE_BRANCH: 'main', ...more },
      },
      files,
      clock: { now: () => nowMs, sleep: async () => undefined },
      interrupt: { signal: new AbortController().signal, name: () => 'SIGINT' },
      http: systemHttp,
      processes: { run: () => Promise.reject(new Error('no process is expected here')) },
      version: '1.0.0',
      stdout: stream,
      stderr: stream,
      connect: () => Promise.reject(new Error('AWS is not asked')),
    });
    expect(exitCode).toBe(0);
    for (const { body } of slack.deliveries) expect(faultOf(body)).toBeUndefined();
    return output.text;
  };
  return { job, files };
}
const only = () => {
  const [message, ...others] = slack.shown();
  expect(others).toEqual([]);
  return { text: String(message?.body.text), all: JSON.stringify(message?.body), thread: message?.thread ?? [] };
};

test('green: one message, brought up to date by each stage, names the application, the commit and the true end', async () => {
  const { job, files } = pipeline();
  await job('build', [built]);
  expect(only().text).toBe('▶️ acme/shop · shop: image built from main');
  await job('migrate', [migrated]);
  expect(only().text).toBe('▶️ acme/shop · production: migrated from main');
  await job('deploy', pipelines.green.slice(2));
  const { text, all, thread } = only();
  expect(text).toBe('✅ acme/shop · shop-web on production: deployed from main');
  expect(all).toContain(
    '✅ image succeeded · 1m 40s\\n✅ migration succeeded · 1m 25s\\n✅ rollout *shop-web* deployed · 4m 31s',
  );
  expect(all).toContain(`<https://github.com/acme/shop/commit/${ci.commit}|4f2c81d09a7b>`);
  expect(all).toContain('*By*\\nmomiji');
  expect(thread).toEqual([]);
  // Only the jobs that posted it and that told of the environment first wrote files, each its own.
  expect([...files.contents.keys()].filter((path) => path.includes('notify-slack'))).toHaveLength(2);
});

describe('two environments of one workflow', () => {
  const staging = { ...migrated, cluster: 'staging' };
  /** Jobs as those of the orb: each hands on what it wrote itself, through the workspace `deploy`. */
  function workflow() {
    const { job, files } = pipeline();
    return async (name: string, records: readonly Outcome[], args: readonly string[] = []) => {
      await job(name, records, ['--records-from', 'deploy', ...args], name);
      for (const [path, text] of files.contents) files.contents.set(path.replace(`${name}/`, 'deploy/'), text);
    };
  }
  const texts = () => slack.shown().map(({ body }) => body.text);

  test('have a message each: what was told of the first stays, and the build’s message becomes the first’s', async () => {
    const job = workflow();
    await job('build', [built]);
    await job('migrate-staging', [staging]);
    await job('migrate-production', [migrated]);
    await job('deploy-production', pipelines.green.slice(2));
    expect(texts()).toEqual([
      '▶️ acme/shop · staging: migrated from main',
      '✅ acme/shop · shop-web on production: deployed from main',
    ]);
  });

  test('a red one never stands in the other’s message', async () => {
    const job = workflow();
    await job('migrate-production', [migrated]);
    await job('migrate-staging', [{ ...staging, verdict: 'failed', exitCode: 1 }]);
    expect(texts().map((text) => String(text).slice(0, 1))).toEqual(['▶', '❌']);
  });

  test('a job that has no place of its own brings the newest up to date', async () => {
    const job = workflow();
    await job('migrate-production', [migrated]);
    await job('say', [], ['--status', 'pass']);
    expect(texts()).toHaveLength(1);
  });

  test('a channel of its own gets a message of its own', async () => {
    const job = workflow();
    await job('build', [built]);
    await job('migrate', [migrated], ['--channel', 'C0DEPLOYS']);
    await job('deploy', pipelines.green.slice(2), ['--channel', 'C0DEPLOYS']);
    expect(texts()).toEqual([
      '▶️ acme/shop · shop: image built from main',
      '✅ acme/shop · shop-web on production: deployed from main',
    ]);
  });
});

describe('red', () => {
  test.each<[string, readonly Outcome[], string, string]>([
    ['migration failed', pipelines.migrationFailed, 'migration failed', 'AddEmail: migrating'],
    ['rolled back', pipelines.rolledBack, 'rollout rolled back', 'ECONNREFUSED'],
    ['superseded', pipelines.superseded, 'rollout superseded', ''],
    ['one of 12 services', pages.twelveServices ?? [], 'rollout of shop-billing rolled back', 'ECONNREFUSED'],
  ])('%s: the end is said in the message, the last lines in its thread, once', async (_end, records, said, log) => {
    const { job } = pipeline();
    for (const [index, one] of records.slice(0, 2).entries()) await job(`job-${index}`, [one]);
    await job('last', records.slice(2));
    await job('once-more', []);
    const { text, all, thread } = only();
    expect(text).toMatch(new RegExp(`^❌ acme/shop · .* failed: ${said}$`));
    expect(JSON.stringify(thread)).toContain(log);
    expect(thread).toHaveLength(log === '' ? 0 : 1);
    if (log !== '') expect(all).toMatch(/Fix:/);
    expect(all).not.toContain('AddEmail: migrating');
    for (const one of records) if ('service' in one) expect(all).toContain(`*${one.service}*`);
  });

  test('the line that explains it stands in the message itself', async () => {
    const { job } = pipeline();
    await job('migrate', pipelines.migrationFailed);
    expect(only().all).toContain('PG::DuplicateColumn: ERROR:  column \\"email\\" of relation');
  });
});

describe('when an update fails in the middle', () => {
  test('a stage that Slack did not answer is a warning; the next one brings the message up to date', async () => {
    const { job } = pipeline();
    await job('build', [built]);
    for (let times = 0; times < 4; times++) slack.faults.push({ kind: 'error', status: 500, body: 'oops' });
    expect(await job('migrate', [migrated])).toContain('Warning: the Slack message was not sent');
    expect(only().text).toContain('image built');
    await job('deploy', pipelines.green.slice(2));
    expect(only().text).toContain('deployed from main');
  });

  test('a message that somebody removed is posted anew, and kept up to date from then on', async () => {
    const { job } = pipeline();
    await job('build', [built]);
    slack.remove(slack.shown()[0]?.ts ?? '');
    await job('migrate', [migrated]);
    expect(only().text).toContain('migrated');
    await job('deploy', pipelines.green.slice(2));
    expect(only().text).toContain('deployed from main');
  });

  test('an answer that was not taken is tried again by the next stage', async () => {
    const { job } = pipeline();
    await job('build', [built]);
    slack.faults.push({ kind: 'none' });
    for (let times = 0; times < 4; times++) slack.faults.push({ kind: 'error', status: 500, body: 'oops' });
    await job('migrate', pipelines.migrationFailed.slice(1));
    expect(only().thread).toHaveLength(0);
    await job('report', []);
    expect(only().thread).toHaveLength(1);
  });
});

test('the message of another workflow is left alone', async () => {
  const first = pipeline({ CIRCLE_WORKFLOW_WORKSPACE_ID: 'one' });
  await first.job('build', [{ ...built, workflow: 'one' }]);
  const second = pipeline({ CIRCLE_WORKFLOW_WORKSPACE_ID: 'two' });
  for (const [path, text] of first.files.contents)
    if (path.includes('notify-slack')) second.files.contents.set(path, text);
  await second.job('build', [{ ...built, workflow: 'two' }]);
  expect(slack.shown()).toHaveLength(2);
});

test('a webhook gets one message with the last lines in it', async () => {
  const { job } = pipeline({ SLACK_WEBHOOK: slack.webhookUrl });
  await job('migrate', pipelines.migrationFailed);
  expect(slack.shown()).toEqual([]);
  expect(JSON.stringify(slack.messages())).toContain('AddEmail: migrating');
});
