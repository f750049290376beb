import { circleCiFacts } from '../base/circleci.ts';
import { deploymentOutcome } from '../notify/deployment-outcome.ts';
import { group, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { generalOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { concerning, settled } from '../records/fitting.ts';
import { junitXml } from '../report/junit.ts';
import { line } from '../report/line.ts';
import { markdownReport } from '../report/markdown.ts';
import { htmlPage } from '../report/page.ts';
import { type Deployment, verdictOf } from '../report/story.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';

/** The options of report. */
export const reportOptions = {
  ...group('Files', {
    html: text({ placeholder: 'FILE', describe: 'Writes one self-contained HTML page.' }),
    markdown: text({ placeholder: 'FILE', describe: 'Writes the same as Markdown, shorter.' }),
    junit: text({ placeholder: 'FILE', describe: 'Writes JUnit XML: a test case for each thing that was proved.' }),
  }),
  ...generalOptions,
};
type ReportOptions = ValuesOf<typeof reportOptions>;

/** `report`: what happened, made from the records so far. Its exit code says whether the files were written, not how the deployment went. */
export const reportCommand = defineCommand({
  options: reportOptions,
  examples: [
    ['$0 report --record-dir deploy --html report/index.html --junit report/junit.xml', 'a page and test results'],
  ],
  check: ({ html, markdown, junit, recordDir }, isGiven) => [
    ...(html === undefined && markdown === undefined && junit === undefined && !isGiven('html')
      ? ['--html, --markdown or --junit is missing: the file to write']
      : []),
    ...(recordDir === undefined && !isGiven('recordDir') ? ['--record-dir is missing: the folder of the records'] : []),
  ],
  run,
});

async function run(options: ReportOptions, context: CommandContext): Promise<CommandResult> {
  const [own, all] = await Promise.all([context.records.ofThisJob(), context.records.all()]);
  const records = concerning(own, all);
  const deployment: Deployment = deploymentOutcome(records, undefined) ?? { status: 'pass', stages: [], failed: [] };
  const { stages } = deployment;
  const ci = { ...stages.findLast((one) => one.ci !== undefined)?.ci, ...circleCiFacts(context.env) };
  const wanted = [
    { path: options.html, make: () => htmlPage(deployment, ci, context.version) },
    { path: options.markdown, make: () => markdownReport(deployment) },
    {
      path: options.junit, // Each job stores the results of what it did itself; together they are those of the workflow.
      make: () => junitXml(settled(own)),
    },
  ];
  const files = wanted.flatMap(({ path, make }) => (path === undefined ? [] : [{ path, make }]));
  const { word, sentence } = verdictOf(deployment);
  if (options.dryRun) return dryRunResult(files.map(({ path }) => ({ action: 'the report', input: { file: path } })));
  for (const { path, make } of files) await context.files.write(path, make());
  const lines = [line(`${word}: ${sentence}`), ...files.map(({ path }) => line(`Wrote ${path}`))];
  const document = { exitCode: exitCode.done, verdict: word, sentence, files: files.map(({ path }) => path) };
  return { exitCode: exitCode.done, lines, document };
}
