import { hasCode } from '../errors.ts';
import { group, names } from '../options/define.ts';
import type { ValuesOf } from '../options/option.ts';
import { awsOptions, clusterOfServices, generalOptions } from '../options/shared.ts';
import { exitCode } from '../outcome.ts';
import { statusLines } from '../report/status-text.ts';
import { statusOf } from '../rollout/status.ts';
import { type CommandContext, type CommandResult, defineCommand } from './command.ts';
import { withWhatThereIs } from './what-there-is.ts';

const { output, expandEnv, debug } = generalOptions;

/** The options of status. */
export const statusOptions = {
  ...group('Service', {
    cluster: clusterOfServices,
    services: names({
      name: 'service',
      alias: 'service-name',
      placeholder: 'NAME|ARN',
      describe: 'Service to show.',
      otherwise: 'all services of the cluster',
    }),
  }),
  ...awsOptions,
  output,
  expandEnv,
  debug,
};

/** status: what serves, what is under way and how the last deployments ended; changes nothing. */
export const statusCommand = defineCommand({
  options: statusOptions,
  examples: [
    ['$0 status --cluster prod --service web', 'one service'],
    ['$0 status --cluster prod --output json', 'all services of the cluster, for programs'],
  ],
  run,
  render: () => [],
});

async function run(values: ValuesOf<typeof statusOptions>, context: CommandContext): Promise<CommandResult> {
  const { cluster } = values;
  const aws = await context.connect(values);
  const services = await statusOf(cluster, values.services, { ...context, aws }).catch(async (error: unknown) => {
    // Names of services are answered by statusOf, all at once.
    if (!hasCode(error, 'ClusterNotFoundException')) throw error;
    throw await withWhatThereIs(error, [{ stage: 'update-service-and-verify', cluster, service: '' }], aws);
  });
  return {
    exitCode: exitCode.done,
    lines: statusLines(services, cluster, context.clock.now()),
    document: { exitCode: exitCode.done, services },
  };
}
