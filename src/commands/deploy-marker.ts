import { resourceName } from '../base/arn.ts';
import { UserError } from '../errors.ts';
import { isTerminal, type MarkerStatus, markerStatus } from '../notify/marker-status.ts';
import { type ReleaseAnswer, runRelease } from '../notify/release-cli.ts';
import { choice, flag, group, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { generalOptions } from '../options/shared.ts';
import { exitCode, type Outcome } from '../outcome.ts';
import { type Line, line, warn } from '../report/line.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';

/** The options of deploy-marker. */
export const deployMarkerOptions = {
  ...group('Deploy marker', {
    action: choice(['plan', 'update', 'log'], {
      required: true,
      describe: 'plan before the deployment, update after it with what the records prove, or log it once it serves.',
    }),
    deployName: text({
      placeholder: 'NAME',
      describe: 'Name of the marker, unlike that of any other deployment of this workflow.',
      variables: ['CIRCLE_JOB'],
      otherwise: 'deployment',
    }),
    componentName: text({
      placeholder: 'NAME',
      describe: 'What is deployed; a rollback by CircleCI brings back this alone.',
      otherwise: 'the first service, else --family',
    }),
    environmentName: text({ placeholder: 'NAME', default: 'default', describe: 'Where it is deployed.' }),
    targetVersion: text({
      placeholder: 'VERSION',
      describe: 'Its version; a rollback by CircleCI names it again.',
      otherwise: 'the tag that was built (--record-dir), else the short commit',
    }),
    rollback: flag({ describe: 'Plans it as a rollback, as CircleCI’s rollback pipelines do.' }),
    services: names({
      name: 'service',
      alias: 'service-name',
      placeholder: 'NAME',
      describe: 'Services that are deployed.',
    }),
    family: text({ placeholder: 'FAMILY', describe: 'Their task definition family.' }),
    state: text({
      placeholder: 'DIR',
      describe: 'Folder in which the steps of one job remember what each marker was told.',
    }),
  }),
  ...generalOptions,
};
type DeployMarkerOptions = ValuesOf<typeof deployMarkerOptions>;

/** `deploy-marker`: CircleCI's deploys page says of a deployment what the records prove. Its own trouble is a note. */
export const deployMarkerCommand = defineCommand({
  options: deployMarkerOptions,
  examples: [
    ['$0 deploy-marker --action plan --deploy-name web-production --component-name web', 'before the deployment'],
    ['$0 deploy-marker --action update --deploy-name web-production --record-dir deploy', 'after it, however it ended'],
  ],
  check: ({ action, rollback }) =>
    rollback === true && action !== undefined && action !== 'plan'
      ? [`--rollback is for --action plan, not ${action}`]
      : [],
  run,
  render: () => [],
});

async function run(options: DeployMarkerOptions, context: CommandContext): Promise<CommandResult> {
  const name = options.deployName ?? 'deployment';
  const { own, all, troubles } = await readRecords(context);
  const told = await toldSoFar(options, context);
  const { status, reason } = markerStatus(own);
  const why = reasonToBeQuiet(options.action, told, status);
  if (why !== undefined) return done([...troubles, line(`No deploy marker: ${why}.`)], { told: false, why });
  const named = namedArguments(options, all, context);
  const args = {
    plan: ['plan', name, ...named, ...(options.rollback ? ['--rollback'] : [])],
    log: ['log', ...named],
    update: [
      ...['update', name, `--status=${status}`],
      ...(reason === undefined ? [] : [`--failure-reason=${reason}`]),
    ],
  }[options.action];
  if (options.dryRun) return dryRunResult([{ command: ['circleci', 'run', 'release', ...args] }], troubles);
  const answer = await runRelease(args, context.processes);
  if (answer.done) await remember(options, status, context);
  return done([...troubles, lineOf(options.action, status, answer)], { told: answer.done, status, args });
}

const done = (lines: Line[], document: object): CommandResult => ({
  exitCode: exitCode.done,
  lines,
  document: { exitCode: exitCode.done, ...document },
});

function lineOf(action: DeployMarkerOptions['action'], status: MarkerStatus['status'], answer: ReleaseAnswer): Line {
  if (!answer.done) return line(`Note: CircleCI’s deploy marker was not told: ${answer.why}.`);
  return line(
    action === 'update' ? `Deploy marker: ${status}.` : `Deploy marker: ${action === 'plan' ? 'planned' : 'logged'}.`,
  );
}

/** Records that cannot be read prove nothing, and do not fail the job. */
async function readRecords({ records }: CommandContext): Promise<{ own: Outcome[]; all: Outcome[]; troubles: Line[] }> {
  try {
    const [own, all] = await Promise.all([records.ofThisJob(), records.all()]);
    return { own, all, troubles: [] };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { own: [], all: [], troubles: [warn(`Warning: ${error.message}`)] };
  }
}

/** `planned`, then the last status; undefined where nothing was told, null where nobody remembers. */
async function toldSoFar(options: DeployMarkerOptions, { files }: CommandContext): Promise<string | undefined | null> {
  const file = stateFile(options);
  return file === undefined ? null : (await files.read(file))?.trim();
}

async function remember(options: DeployMarkerOptions, status: string, { files }: CommandContext): Promise<void> {
  const file = stateFile(options);
  if (file !== undefined) await files.write(file, `${options.action === 'plan' ? 'planned' : status}\n`);
}

const stateFile = ({ state, deployName = '' }: DeployMarkerOptions): string | undefined =>
  state === undefined ? undefined : `${state}/${encodeURIComponent(deployName)}`;

function reasonToBeQuiet(
  action: DeployMarkerOptions['action'],
  told: string | undefined | null,
  status: MarkerStatus['status'],
): string | undefined {
  if (action === 'log') return status === 'SUCCESS' ? undefined : 'nothing was proved to serve';
  if (action === 'plan') return told === undefined || told === null ? undefined : 'it is planned already';
  if (told === undefined) return 'none was planned in this job';
  return isTerminal(told) ? `it ended already, as ${told}` : undefined;
}

function namedArguments(options: DeployMarkerOptions, all: readonly Outcome[], { env }: CommandContext): string[] {
  const [service] = options.services.map(resourceName);
  const component = options.componentName ?? service ?? options.family ?? env.CIRCLE_PROJECT_REPONAME ?? 'service';
  const built = all.flatMap((one) => (one.stage === 'build-and-push-image' ? one.tags.slice(0, 1) : []));
  const version = options.targetVersion ?? built[0] ?? env.CIRCLE_SHA1?.slice(0, 7) ?? 'unknown';
  return [
    `--environment-name=${options.environmentName}`,
    `--component-name=${component}`,
    `--target-version=${version}`,
  ];
}
