import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { choice, group, names } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, clusterOfServices, followingTimes, generalOptions } from '../options/shared.ts';
import { exitCodeOfAll } from '../outcome.ts';
import { rolloutNarrator } from '../report/rollout-narrator.ts';
import { summaryLines } from '../report/rollout-summary.ts';
import { continueDeployments, planContinue } from '../rollout/continue.ts';
import { followingOptions } from '../rollout/model.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of continue-deployment. */
export const continueDeploymentOptions = {
  ...group('Service', {
    cluster: clusterOfServices,
    services: names({
      name: 'service',
      required: true,
      placeholder: 'NAME|ARN',
      describe: 'Service whose deployment is paused; several are answered and followed together.',
    }),
    action: choice(['continue', 'rollback'], {
      required: true,
      describe: 'The answer to its pause hooks.',
    }),
  }),
  ...group('Following', {
    ...followingTimes,
    until: choice(['deployed', 'drained', 'paused'], {
      default: 'deployed',
      describe:
        'When it is done: once the new revision serves, once the old tasks are gone too, or at the next pause, as LINEAR and CANARY make one at each step.',
    }),
  }),
  ...awsOptions,
  ...generalOptions,
};

/** continue-deployment: green means that the new revision serves, or that it was rolled back as asked for. */
export const continueDeploymentCommand = defineCommand({
  options: continueDeploymentOptions,
  examples: [
    [
      '$0 continue-deployment --cluster prod --service web --action continue',
      'after the tests of the green side passed',
    ],
    ['$0 continue-deployment --cluster prod --service web --action rollback', 'after they failed'],
  ],
  check: ({ action, until }) =>
    action === 'rollback' && until !== undefined && until !== 'deployed'
      ? ['--until makes no sense with --action rollback, which is followed to the end of the rollback']
      : [],
  stages: ({ cluster = unnamed, services = [] }) =>
    (services.length === 0 ? [unnamed] : services).map((service) => ({
      stage: 'continue-deployment',
      cluster,
      service: resourceName(service),
    })),
  run,
  narrator: rolloutNarrator,
});

async function run(
  values: ValuesOf<typeof continueDeploymentOptions>,
  context: CommandContext,
): Promise<CommandResult> {
  const aws = await context.connect(values, values.timeoutMs);
  const deps = { ...context, aws, ci: circleCiFacts(context.env) };
  const { action } = values;
  const asked = { ...followingOptions({ ...values, stage: 'continue-deployment' }), action };
  if (values.dryRun) return dryRunResult(await planContinue(asked, deps));
  const services = await continueDeployments(asked, deps);
  const code = exitCodeOfAll(services);
  return { exitCode: code, lines: summaryLines(services), document: { exitCode: code, services } };
}
