import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../src/outcome.ts';
import { junitXml } from '../../src/report/junit.ts';
import { hasTool } from '../support/needs-tool.ts';
import { built, deployed, digest, migrationFailed, pipelines, superseded } from './outcomes.ts';

const hasPython = hasTool({ name: 'python3', probe: ['python3', '--version'], install: 'apt-get install python3' });

/** The test cases as an XML parser that is not ours reads them. */
function read(outcomes: readonly Outcome[]): { name: string; end: string; message?: string; text?: string }[] {
  const program = `
import json, sys, xml.etree.ElementTree as tree
cases = tree.fromstring(sys.stdin.buffer.read()).iter('testcase')
print(json.dumps([dict(name=c.get('name'), end=(c[0].tag if len(c) else 'passed'),
  **(dict(message=c[0].get('message'), text=c[0].text) if len(c) else {})) for c in cases]))`;
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input: junitXml(outcomes), encoding: 'utf8' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout);
}

describe.runIf(hasPython)('JUnit', () => {
  test('of a green pipeline has a case for each thing that is proved', () => {
    expect(read(pipelines.green)).toEqual([
      { name: 'the image of shop is pushed', end: 'passed' },
      { name: 'the migration of shop in production succeeds', end: 'passed' },
      { name: 'shop-web serves shop:42', end: 'passed' },
      { name: `shop-web: container app runs ${digest.slice(0, 19)}`, end: 'passed' },
      { name: 'shop-web: https://shop.example/health answers 200', end: 'passed' },
    ]);
  });

  test('of a failed migration says why, what to do and quotes the log', () => {
    const [, failed] = read(pipelines.migrationFailed);
    expect(failed).toMatchObject({ end: 'failure', message: migrationFailed.logFinding?.line });
    expect(failed?.text).toContain(`Fix: ${migrationFailed.logFinding?.fix}`);
    expect(failed?.text).toContain('-- add_column');
  });

  test.each<[Outcome['verdict'], string]>([
    ['deployed', 'passed'],
    ['unchanged', 'passed'],
    ['not-verified', 'skipped'],
    ['started', 'skipped'],
    ['failed', 'failure'],
    ['rolled-back', 'failure'],
    ['superseded', 'failure'],
    ['paused', 'failure'],
    ['timed-out', 'failure'],
    ['interrupted', 'failure'],
    ['refused', 'failure'],
    ['running', 'failure'],
  ])('a service that is %s: %s', (verdict, end) => {
    expect(read([{ ...superseded, verdict }])[0]?.end).toBe(end);
  });

  test('where the service serves and an address does not answer, only that has failed', () => {
    const explanation = { code: 'CHECK_URL', cause: 'https://shop.example/ answered status 500.' };
    const { checkedUrls: _checkedUrls, ...rest } = deployed;
    expect(read([{ ...rest, verdict: 'failed', explanation }]).map(({ name, end }) => `${name}: ${end}`)).toEqual([
      'shop-web serves shop:42: passed',
      `shop-web: container app runs ${digest.slice(0, 19)}: passed`,
      'shop-web: the addresses of --check-url answer: failure',
    ]);
  });

  test('hostile text stays text', () => {
    const hostile = ']]></failure><testcase name="x"/>&amp; "q" \u0000\u001b[31m \ud800 \uffff 日本 🚀\nsecond line';
    const explanation = { code: hostile, cause: hostile, fix: hostile };
    const failure = { ...migrationFailed, explanation, logFinding: { container: 'app', line: hostile } };
    const cases = read([{ ...built, repository: 'registry/<&">' }, failure]);
    expect(cases).toHaveLength(2);
    expect(cases[1]?.message).toBe(']]></failure><testcase name="x"/>&amp; "q"    日本 🚀\nsecond line');
  });
});
