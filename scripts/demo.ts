import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { WorkflowResult } from '../local/circleci/runner.ts';
import { buildBundle } from './build.ts';
import { checkEnd, exitCodeOf } from './demo/checks.ts';
import { push } from './demo/pipeline.ts';
import { type Scenario, scenarioNames } from './demo/project.ts';
import { createScreen, type Screen } from './demo/screen.ts';
import { answerOf, type Stage, setStage } from './demo/stage.ts';
import { messageLines } from './demo/webhook.ts';
import { packOrb } from './pack-orb.ts';

const HELP = `Runs the article's staging workflow on this machine: local CircleCI, local AWS, a real database.

  npm run demo [-- --scenario ${scenarioNames.join('|')}] [--config FILE] [--verbose]

  --scenario NAME   what is pushed: a good commit (green), a migration that fails, or a server that crashes
  --config FILE     a .circleci/config.yml to use in place of the example's own
  --verbose         every step and every line, as on CircleCI
  --help            prints this

Exits with the code of the step that ended the pipeline; 70 when what it did is not what must come of it.
`;

// The SDK would print its own end-of-support notice for Node 20.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

async function main(): Promise<number> {
  const values = readOptions();
  const scenario = scenarioNames.find((name) => name === (values?.scenario ?? 'green'));
  if (values === undefined || scenario === undefined) {
    const unknown = values?.scenario;
    if (unknown !== undefined) {
      process.stderr.write(`There is no scenario ${unknown}; there are: ${scenarioNames.join(', ')}.\n\n`);
    }
    process.stderr.write(HELP);
    return 2;
  }
  if (values.config !== undefined && !existsSync(values.config)) {
    process.stderr.write(`There is no file ${values.config}.\n`);
    return 2;
  }
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const wantsColour =
    process.env.NO_COLOR === undefined && (process.stdout.isTTY || process.env.FORCE_COLOR !== undefined);
  const all = values.verbose === true;
  const screen = createScreen((text) => process.stdout.write(text), { colour: wantsColour, all });
  const startedMs = Date.now();
  screen.heading(`migrate-deploy · ${scenario}`);
  const stage = await setStage({ buildOrb, tell: screen.fact });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      void stage.close().then(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    });
  }
  try {
    const { code, report } = await play(scenario, values.config, stage, screen);
    screen.fact('took', `${Math.round((Date.now() - startedMs) / 1000)} s`);
    if (report !== undefined) screen.fact('report', report);
    return code;
  } finally {
    await stage.close();
  }
}

/** The options, or undefined after saying what is wrong with them. */
function readOptions() {
  try {
    const flag = { type: 'boolean' } as const;
    const options = { scenario: { type: 'string' }, config: { type: 'string' }, verbose: flag, help: flag } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n`);
    return undefined;
  }
}

/** The orb as it is published, made in a folder of this run's own. */
async function buildOrb(folder: string): Promise<string> {
  const { orbFile } = await buildBundle(join(folder, 'dist'));
  return (await packOrb({ bundleFile: orbFile, outFile: join(folder, 'orb.yml') })).text;
}

async function play(
  scenario: Scenario,
  config: string | undefined,
  stage: Stage,
  screen: Screen,
): Promise<{ code: number; report: string | undefined }> {
  const { aws, names, webhook } = stage;
  const { version, tables } = await answerOf(stage);
  const { taskArns, taskDefinitionArns: revisions } = aws.model.truth.serving(names.serviceFamily);
  screen.fact('in service', `version ${version} on the tables ${tables?.join(', ')}`);
  screen.heading('git push origin staging');
  const result = await push({ scenario, config, onOutput: screen.output }, stage);
  for (const { steps } of result.jobs)
    for (const { name, output, status } of steps) if (status === 'failed') screen.failure({ step: name, text: output });
  screen.heading('Slack');
  for (const message of webhook.messages) screen.lines(messageLines(message));
  screen.heading('What really happened');
  const checks = await checkEnd(scenario, { version, taskArns, revisions }, result, stage);
  for (const { ok, text } of checks) screen.check(ok, text);
  const code = checks.every(({ ok }) => ok) ? exitCodeOf(result) : 70;
  screen.heading('Result');
  for (const { name, status } of result.jobs) screen.fact(status, name);
  screen.fact('exit code', String(code));
  return { code, report: await keepReport(result) };
}

/** The page of the last job that stored one, in a place that outlives this run. */
async function keepReport({ jobs }: WorkflowResult): Promise<string | undefined> {
  const pages = jobs.map(({ artifacts = '' }) => join(artifacts, 'store_artifacts/migrate-deploy/report/index.html'));
  const last = pages.findLast((page) => existsSync(page));
  if (last === undefined) return undefined;
  const kept = join(tmpdir(), 'migrate-deploy-demo', 'report.html');
  await mkdir(dirname(kept), { recursive: true });
  await copyFile(last, kept);
  return kept;
}

process.exitCode = await main();
