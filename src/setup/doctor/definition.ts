import { hasCode } from '../../errors.ts';
import type { RawContainerDefinition, RawTaskDefinition } from '../../ports.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import { checkImage } from './images.ts';
import type { DoctorDeps, Target } from './target.ts';

/** The definition that a family or ARN stands for; undefined where there is none. */
export async function findDefinition(reference: string, { aws }: DoctorDeps): Promise<RawTaskDefinition | undefined> {
  try {
    return (await aws.ecs.describeTaskDefinition(reference)).taskDefinition;
  } catch (error) {
    if (hasCode(error, 'ClientException')) return undefined;
    throw error;
  }
}

/** Everything that a task of the definition needs before its program begins. */
export async function checkDefinition(
  definition: RawTaskDefinition,
  builds: Target['builds'],
  deps: DoctorDeps,
): Promise<Finding[]> {
  const containers = definition.containerDefinitions ?? [];
  const each = containers.flatMap((container) => [
    checkImage(definition, container, builds, deps),
    checkLog(container, deps),
    checkSecrets(container, deps),
  ]);
  return (await Promise.all([...each, checkRoles(definition, deps)])).flat();
}

async function checkLog({ name, logConfiguration }: RawContainerDefinition, { aws }: DoctorDeps): Promise<Finding[]> {
  const { logDriver, options = {} } = (logConfiguration ?? {}) as {
    logDriver?: string;
    options?: Record<string, string>;
  };
  if (logDriver !== 'awslogs') {
    return [ok('log', `${name} logs to ${logDriver ?? 'nowhere'}: only awslogs is shown in the build log`)];
  }
  const group = options['awslogs-group'] ?? '';
  const region = options['awslogs-region'] ?? aws.region;
  const mode = options.mode === 'blocking' ? '' : '; non-blocking, so that a full buffer loses lines';
  if (options['awslogs-create-group'] === 'true' || region !== aws.region)
    return [ok('log', `${name} logs to ${group} in ${region}${mode}`)];
  return check('log', async () =>
    (await aws.setup.hasLogGroup(group))
      ? [ok('log', `${name} logs to ${group}${mode}`)]
      : [
          fault(
            'log',
            `There is no log group ${group}, so that ${name} cannot start`,
            `aws logs create-log-group --log-group-name ${group}`,
          ),
        ],
  );
}

async function checkSecrets(container: RawContainerDefinition, { aws }: DoctorDeps): Promise<Finding[]> {
  const secrets = (container.secrets ?? []) as { name: string; valueFrom: string }[];
  const found = secrets.map(({ name, valueFrom }) =>
    check('secret', async () => {
      const [, , service, region = ''] = valueFrom.split(':');
      if (valueFrom.startsWith('arn:') && region !== aws.region)
        return [ok('secret', `${name} comes from ${region}, another region: not checked`)];
      if (service === 'secretsmanager') {
        // Behind the name come JSON key, stage and version.
        const id = valueFrom.split(':').slice(0, 7).join(':');
        return aws.setup.describeSecret(id).then(
          () => [ok('secret', `${name} comes from a secret that is there`)],
          (error: unknown) => {
            if (!hasCode(error, 'ResourceNotFoundException')) throw error;
            return [
              fault(
                'secret',
                `${name} of ${container.name} comes from ${id}, which does not exist`,
                'Create the secret, or correct valueFrom',
              ),
            ];
          },
        );
      }
      const parameter = service === 'ssm' ? `${valueFrom.replace(/^.*?:parameter/, '')}` : valueFrom;
      const names = [parameter, parameter.replace(/^\//, '')];
      for (const one of names)
        if (await aws.setup.hasParameter(one)) return [ok('secret', `${name} comes from a parameter that is there`)];
      return [
        fault(
          'secret',
          `${name} of ${container.name} comes from the parameter ${parameter}, which does not exist`,
          'Create the parameter, or correct valueFrom',
        ),
      ];
    }),
  );
  return (await Promise.all(found)).flat();
}

async function checkRoles(
  { executionRoleArn, taskRoleArn, family, containerDefinitions = [] }: RawTaskDefinition,
  { aws }: DoctorDeps,
): Promise<Finding[]> {
  const needsExecution = containerDefinitions.some(({ secrets = [] }) => (secrets as unknown[]).length > 0);
  if (needsExecution && typeof executionRoleArn !== 'string') {
    return [fault('role', `${family} has secrets and no execution role to read them`, 'Set executionRoleArn')];
  }
  const roles = [...new Set([executionRoleArn, taskRoleArn])].filter((role) => typeof role === 'string');
  const found = roles.map((role) =>
    check('role', async () => {
      const trust = await aws.setup.roleTrust(role.split('/').at(-1) ?? role).catch((error: unknown) => {
        if (hasCode(error, 'NoSuchEntity', 'NoSuchEntityException')) return undefined;
        throw error;
      });
      if (trust === undefined) return [fault('role', `There is no role ${role}`, `Create it, or correct ${family}`)];
      if (!trust.includes('ecs-tasks.amazonaws.com')) {
        return [
          fault(
            'role',
            `${role} does not trust ecs-tasks.amazonaws.com: tasks cannot assume it`,
            'Let its trust policy allow sts:AssumeRole to that service',
          ),
        ];
      }
      return [ok('role', `${role} trusts ECS tasks`)];
    }),
  );
  return (await Promise.all(found)).flat();
}

/** Whether the container that migrates is there, and is one alone where none is named. */
export function checkContainer(
  { family, containerDefinitions = [] }: RawTaskDefinition,
  container: string | undefined,
): Finding[] {
  const names = containerDefinitions.map(({ name }) => name);
  if (container !== undefined && !names.includes(container)) {
    return [
      fault(
        'container',
        `${family} has no container ${container}; it has: ${listed(names)}`,
        'Correct --container or the overrides',
      ),
    ];
  }
  const essential = containerDefinitions.filter(({ essential: isEssential = true }) => isEssential);
  if (container === undefined && essential.length !== 1) {
    return [
      fault(
        'container',
        `${family} has ${essential.length} essential containers (${listed(names)}): which one migrates is not known`,
        'Name it with --container',
      ),
    ];
  }
  return [ok('container', `${container ?? essential[0]?.name} migrates`)];
}
