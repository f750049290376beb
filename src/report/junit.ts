import { familyRevision, resourceName } from '../base/arn.ts';
import { explanationText, isGreen, type Outcome, reasonOf } from '../outcome.ts';
import type { BuildOutcome, RolloutOutcome, TaskOutcome } from '../records/schema.ts';
import { escapeMarkup, plainText } from './markup.ts';

/** One thing that a deployment proves. */
interface Proof {
  name: string;
  /** Milliseconds; undefined where no time of its own is known. */
  tookMs?: number | undefined;
  /** Why it is not proved: `no` where something said so, `open` where nobody knows. */
  failure?: { kind: 'no' | 'open'; type: string; message: string; details: string };
}

/**
 * JUnit XML from the Outcomes of the stages, as CircleCI's test tab reads it: a test suite a stage, a test case for each
 * thing that is proved. What is red is a failure; what was not verified (--no-verify, no tasks) is skipped.
 */
export function junitXml(outcomes: readonly Outcome[]): string {
  const suites = outcomes.map((outcome) => suite(outcome, proofsOf(outcome)));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="migrate-deploy">\n${suites.join('')}</testsuites>\n`;
}

function suite(outcome: Outcome, proofs: readonly Proof[]): string {
  const count = (kind: string): number => proofs.filter(({ failure }) => failure?.kind === kind).length;
  const name = outcome.name === undefined ? outcome.stage : `${outcome.stage} ${outcome.name}`;
  const cases = proofs.map((proof) => testCase(name, proof)).join('');
  const counts = `tests="${proofs.length}" failures="${count('no')}" skipped="${count('open')}"`;
  return `  <testsuite name="${xml(name)}" ${counts} timestamp="${xml(outcome.startedAt)}">\n${cases}  </testsuite>\n`;
}

function testCase(suiteName: string, { name, tookMs, failure }: Proof): string {
  const time = tookMs === undefined ? '' : ` time="${(tookMs / 1_000).toFixed(3)}"`;
  const head = `    <testcase classname="${xml(suiteName)}" name="${xml(name)}"${time}`;
  if (failure === undefined) return `${head}/>\n`;
  const message = xml(failure.message);
  const inner =
    failure.kind === 'open'
      ? `<skipped message="${message}"/>`
      : `<failure type="${xml(failure.type)}" message="${message}">${xml(failure.details)}</failure>`;
  return `${head}>\n      ${inner}\n    </testcase>\n`;
}

function proofsOf(outcome: Outcome): Proof[] {
  if (outcome.stage === 'build-and-push-image')
    return [judged(`the image of ${imageName(outcome)} is pushed`, outcome)];
  if ('service' in outcome) return rolloutProofs(outcome);
  return [judged(`the migration of ${migrated(outcome)} succeeds`, outcome)];
}

const imageName = ({ repository }: BuildOutcome): string => resourceName(repository);

const migrated = ({ family, taskDefinition = 'an unknown task definition', cluster }: TaskOutcome): string =>
  `${family ?? familyRevision(taskDefinition)} in ${resourceName(cluster)}`;

function rolloutProofs(outcome: RolloutOutcome): Proof[] {
  const { taskDefinition, explanation, images = [], checkedUrls = [] } = outcome;
  const service = resourceName(outcome.service);
  const revision = taskDefinition === undefined ? 'the revision asked for' : familyRevision(taskDefinition);
  // Where the service serves and something else is wrong, that something alone has failed.
  const elsewhere = ['CHECK_URL', 'DIGEST_MISMATCH'].includes(explanation?.code ?? '');
  const serves = `${service} serves ${revision}`;
  const mismatch = explanation?.code === 'DIGEST_MISMATCH';
  const unanswered = explanation?.code === 'CHECK_URL';
  return [
    elsewhere ? { name: serves, tookMs: tookMs(outcome) } : judged(serves, outcome),
    ...images
      .filter(() => !mismatch)
      .flatMap(({ name, imageDigest }): Proof[] =>
        imageDigest === undefined ? [] : [{ name: `${service}: container ${name} runs ${imageDigest.slice(0, 19)}` }],
      ),
    ...(mismatch ? [judged(`${service}: its containers run the images asked for`, outcome)] : []),
    ...checkedUrls.map(({ url, status }): Proof => ({ name: `${service}: ${url} answers ${status}` })),
    ...(unanswered ? [judged(`${service}: the addresses of --check-url answer`, outcome)] : []),
  ];
}

/** Nobody looked, or there was nothing to look at. */
const open: readonly Outcome['verdict'][] = ['started', 'not-verified'];

function judged(name: string, outcome: Outcome): Proof {
  const { verdict, explanation } = outcome;
  const message = reasonOf(outcome).quote?.line ?? (explanation === undefined ? verdict : explanationText(explanation));
  const base = { name, tookMs: tookMs(outcome) };
  if (open.includes(verdict)) return { ...base, failure: { kind: 'open', type: verdict, message, details: '' } };
  if (isGreen(outcome)) return base;
  const type = explanation?.code ?? verdict;
  return { ...base, failure: { kind: 'no', type, message, details: detailsOf(outcome).join('\n') } };
}

function detailsOf(outcome: Outcome): string[] {
  const { verdict, resume } = outcome;
  const { meaning, cause, said, fix } = reasonOf(outcome);
  const tails = [outcome, ...('failedTasks' in outcome ? (outcome.failedTasks ?? []) : [])];
  const [log] = tails.flatMap(({ logTail = [] }) => logTail).filter(({ lines }) => lines.length > 0);
  return [
    `Verdict: ${verdict}`,
    ...[meaning, cause, said].filter((text) => text !== undefined),
    ...(fix === undefined ? [] : [`Fix: ${fix}`]),
    ...(resume === undefined ? [] : [`Look again with: ${resume}`]),
    ...(log === undefined ? [] : [`Last lines of ${log.container}:`, ...log.lines.slice(-20)]),
  ];
}

function tookMs({ startedAt, finishedAt }: Outcome): number | undefined {
  return finishedAt === undefined ? undefined : Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt));
}

/** In an attribute only this keeps a line break. */
const xml = (text: string): string => escapeMarkup(plainText(text)).replaceAll('\n', '&#10;');
