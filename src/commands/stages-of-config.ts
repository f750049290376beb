import { resourceName } from '../base/arn.ts';
import { parseDuration } from '../base/duration.ts';
import { expandVariables } from '../base/expand.ts';
import { UserError } from '../errors.ts';
import { environmentName } from '../options/option.ts';
import type { StageCall } from '../setup/config-run.ts';
import type { Target } from '../setup/doctor/target.ts';
import type { CommandContext } from './command.ts';

/** What a config's stages touch. */
export type Stages = Pick<Target, 'builds' | 'migrations' | 'rollouts'>;

/** What the stages of a config will touch; a variable that is not set here is an option error, but in tags. */
export async function stagesOfConfig(
  calls: readonly StageCall[],
  { env, files }: Pick<CommandContext, 'env' | 'files'>,
): Promise<Stages> {
  const stages: {
    builds: Target['builds'][number][];
    migrations: Target['migrations'][number][];
    rollouts: Target['rollouts'][number][];
  } = {
    builds: [],
    migrations: [],
    rollouts: [],
  };
  const unset = new Set<string>();
  for (const { command, environment } of calls) {
    const raw = (...names: string[]): string =>
      names.map((name) => environment[environmentName(name)] ?? '').find((value) => value !== '') ?? '';
    const get = (...names: string[]): string | undefined => {
      const expanded = expandVariables(raw(...names), env);
      for (const name of expanded.unset) unset.add(name);
      return expanded.text === '' ? undefined : expanded.text;
    };
    const list = (...names: string[]): string[] =>
      (get(...names) ?? '')
        .split(/[,\n]/)
        .map((one) => one.trim())
        .filter((one) => one !== '');
    const cluster = get('cluster', 'cluster-name') ?? '';
    const roleArn = get('role-arn');
    if (command === 'build-and-push-image') {
      // The commit's tag is another one with each push.
      const tags = raw('tag')
        .split(/[,\n]/)
        .filter((tag) => tag !== '' && !tag.includes('$'));
      stages.builds.push({ roleArn, repository: get('repository', 'repo') ?? '', tags });
    }
    if (command === 'run-migration-task') {
      const subnets = list('subnets');
      const network = {
        subnets,
        securityGroups: list('security-groups'),
        publicIp: get('assign-public-ip') === 'ENABLED',
      };
      stages.migrations.push({
        roleArn,
        cluster,
        taskDefinition: get('task-definition'),
        taskDefinitionFromService: get('task-definition-from-service'),
        container: get('container') ?? (await overridden(get('overrides'), files)),
        networkFromService: get('network-from-service'),
        network: subnets.length === 0 ? undefined : network,
      });
    }
    if (command === 'update-service-and-verify') {
      const services = list('service', 'service-name');
      const family = get('family');
      const polls = Number(raw('max-poll-attempts')) * (parseDuration(get('poll-interval') ?? '20s') ?? 0);
      const timeoutMs = parseDuration(get('timeout') ?? '') ?? (polls > 0 ? polls : 1_800_000);
      stages.rollouts.push({
        roleArn,
        cluster,
        services: services.length > 0 || family === undefined ? services : [resourceName(family)],
        timeoutMs,
      });
    }
  }
  if (unset.size > 0) {
    throw new UserError(
      `The config needs ${[...unset].join(', ')}, which ${unset.size === 1 ? 'is' : 'are'} not set here.`,
      {
        code: 'Options',
        fix: 'Set them as the CircleCI context or project does, and run the command again.',
      },
    );
  }
  return stages;
}

/** The only container that a file of overrides names. */
async function overridden(overrides: string | undefined, files: CommandContext['files']): Promise<string | undefined> {
  if (overrides === undefined) return undefined;
  const text = /^\s*\{/.test(overrides) ? overrides : await files.read(overrides.replace('file://', ''));
  const { containerOverrides = [] } = JSON.parse(text ?? '{}') as { containerOverrides?: { name?: string }[] };
  return containerOverrides.length === 1 ? containerOverrides[0]?.name : undefined;
}
