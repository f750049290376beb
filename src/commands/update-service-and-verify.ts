import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { redact } from '../base/redact.ts';
import { readUpdateService, type UpdateServiceOptions } from '../options/update-service-and-verify.ts';
import { updateServiceSpecs } from '../options/update-service-and-verify-specs.ts';
import { exitCode, exitCodeOfAll } from '../outcome.ts';
import { dryRunEnd, dryRunLines } from '../report/dry-run-text.ts';
import { summaryLines } from '../report/rollout-summary.ts';
import { rolloutEventLines } from '../report/rollout-text.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { planRequests, rollOut } from '../rollout/rollout.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { unnamed } from './refusal.ts';

/** update-service-and-verify: green means that the revision asked for is what serves. */
export const updateServiceAndVerifyCommand = defineCommand<UpdateServiceOptions>({
  options: updateServiceSpecs,
  takesRest: false,
  examples: [
    ['$0 update-service-and-verify --cluster prod --service web --image REPOSITORY:v2', 'deploys one image'],
    [
      "$0 update-service-and-verify --cluster prod --family web --container-image-name-updates 'container=web,tag=latest' --max-poll-attempts 300 --poll-interval 10",
      'in the words of the aws-ecs orb',
    ],
    ['$0 update-service-and-verify --cluster prod --service web --record-dir deploy', 'deploys what was migrated'],
  ],
  check: readUpdateService,
  stages: (reader) => {
    const named = reader.names('service').map(resourceName);
    const services = named.length > 0 ? named : [reader.optional('family') ?? unnamed];
    const cluster = reader.optional('cluster') ?? unnamed;
    return [...new Set(services)].map((service) => ({ stage: 'update-service-and-verify', cluster, service }));
  },
  run,
  render: (event) => rolloutEventLines(event as RolloutEvent),
});

async function run(options: UpdateServiceOptions, context: CommandContext): Promise<CommandResult> {
  const aws = await context.connect(options.aws, options.rollout.timeoutMs);
  const deps = { ...context, aws, ci: circleCiFacts(context.env) };
  if (context.common.dryRun) {
    const requests = await planRequests(options.rollout, deps);
    const dryRun = requests.map(({ action, input }) => ({ action, input: redact(input) }));
    const lines = [...requests.flatMap(dryRunLines), dryRunEnd];
    return { exitCode: exitCode.done, lines, document: { exitCode: exitCode.done, dryRun } };
  }
  const services = await rollOut(options.rollout, deps);
  const code = exitCodeOfAll(services);
  return { exitCode: code, lines: summaryLines(services), document: { exitCode: code, services } };
}
