import { resourceName } from '../base/arn.ts';
import { circleCiFacts } from '../base/circleci.ts';
import { redact } from '../base/redact.ts';
import { readUpdateService, type UpdateServiceOptions } from '../options/update-service-and-verify.ts';
import { updateServiceSpecs } from '../options/update-service-and-verify-specs.ts';
import { exitCode } from '../outcome.ts';
import { dryRunEnd } from '../report/dry-run-text.ts';
import { summaryLines } from '../report/rollout-summary.ts';
import { rolloutEventLines } from '../report/rollout-text.ts';
import type { RolloutEvent } from '../rollout/events.ts';
import { resultDocument, worst } from '../rollout/result.ts';
import { rollOut } from '../rollout/rollout.ts';
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
  const { dryRun } = context.common;
  const requests: { action: string; input: unknown }[] = [];
  const results = await rollOut(
    { ...options.rollout, dryRun },
    {
      ...context,
      aws,
      ci: circleCiFacts(context.env),
      announce: (event) => {
        if (event.type === 'would-send') requests.push({ action: event.action, input: redact(event.input) });
        context.announce(event);
      },
    },
  );
  if (dryRun) {
    return { exitCode: exitCode.done, lines: [dryRunEnd], document: { exitCode: exitCode.done, dryRun: requests } };
  }
  const code = worst(results);
  return {
    exitCode: code,
    lines: summaryLines(results, { cluster: options.rollout.cluster, region: aws.region }),
    document: { exitCode: code, services: results.map(resultDocument) },
  };
}
