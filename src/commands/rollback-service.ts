import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { group, names, text } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, clusterOfServices, followingTimes, generalOptions } from '../options/shared.ts';
import { exitCodeOfAll } from '../outcome.ts';
import { rolloutNarrator } from '../report/rollout-narrator.ts';
import { summaryLines } from '../report/rollout-summary.ts';
import { followingOptions } from '../rollout/model.ts';
import { planRollback, rollBack } from '../rollout/rollback.ts';
import { type CommandContext, type CommandResult, defineCommand, dryRunResult } from './command.ts';
import { unnamed } from './refusal.ts';

/** The options of rollback-service. */
export const rollbackServiceOptions = {
  ...group('Service', {
    cluster: clusterOfServices,
    services: names({
      name: 'service',
      required: true,
      placeholder: 'NAME|ARN',
      describe: 'Service to roll back; several are rolled back and followed together.',
    }),
    to: text({
      placeholder: 'FAMILY:REV|ARN|sha256:…|TAG',
      describe:
        'What is to serve again: a revision of the service’s family, or the digest or tag of an image that served (for several services, one that each served).',
      otherwise: 'a deployment that is under way is rolled back, else the revision that was deployed before',
    }),
  }),
  ...group('Following', {
    ...followingTimes,
  }),
  ...awsOptions,
  ...generalOptions,
};

/** rollback-service: green means that the older revision serves, with the digests that it had. */
export const rollbackServiceCommand = defineCommand({
  options: rollbackServiceOptions,
  examples: [
    [
      '$0 rollback-service --cluster prod --service web',
      'back to what served before; a deployment under way is rolled back',
    ],
    ['$0 rollback-service --cluster prod --service web --to web:41', 'back to this revision'],
    ['$0 rollback-service --cluster prod --service web,worker --to v41', 'both back to the image with this tag'],
  ],
  stages: ({ cluster = unnamed, services = [] }) =>
    (services.length === 0 ? [unnamed] : services).map((service) => ({
      stage: 'rollback-service',
      cluster,
      service: resourceName(service),
    })),
  run,
  narrator: rolloutNarrator,
});

async function run(values: ValuesOf<typeof rollbackServiceOptions>, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(values, values.timeoutMs);
  const deps = { ...context, aws, ci: circleCiFacts(context.env) };
  const { to } = values;
  const asked = { ...followingOptions({ ...values, stage: 'rollback-service', until: 'deployed' }), to };
  if (values.dryRun) return dryRunResult(await planRollback(asked, deps));
  const services = await rollBack(asked, deps);
  const code = exitCodeOfAll(services);
  return { exitCode: code, lines: summaryLines(services), document: { exitCode: code, services } };
}
