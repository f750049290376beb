import { accountOf } from '../../base/arn.ts';
import { hasCode } from '../../errors.ts';
import type { RawTaskDefinition } from '../../ports.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Need } from './target.ts';

/** Who does it: a role of the jobs, or the caller; of a session its role, as IAM's simulator takes it. */
function principalOf(role: string | undefined, caller: string): string {
  const [, partition, account, name] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(caller) ?? [];
  return role ?? (name === undefined ? caller : `arn:${partition}:iam::${account}:role/${name}`);
}

/** Which of the needs a policy denies; a role that is not there, or is another account's, is told of with its trust. */
async function denied({ roleArn, ...need }: Need, caller: string, { aws }: DoctorDeps): Promise<string[]> {
  if (roleArn !== undefined && accountOf(roleArn) !== accountOf(caller)) return [];
  return aws.setup.denied({ principal: principalOf(roleArn, caller), ...need }).catch((error: unknown) => {
    if (roleArn !== undefined && hasCode(error, 'NoSuchEntity', 'NoSuchEntityException')) return [];
    throw error;
  });
}

/** Whether the policies of the jobs allow what the stages do, as far as IAM's simulator may be asked. */
export async function checkPermissions(needs: readonly Need[], caller: string, deps: DoctorDeps): Promise<Finding[]> {
  const roles = [...new Set(needs.map(({ roleArn }) => roleArn))];
  const found = roles.map((roleArn) =>
    check('permission', async () => {
      const actions = new Set<string>();
      for (const need of needs.filter((one) => one.roleArn === roleArn)) {
        for (const action of await denied(need, caller, deps)) actions.add(action);
      }
      const who = principalOf(roleArn, caller);
      if (actions.size === 0) return [ok('permission', `The policies of ${who} allow what the stages do`)];
      return [...actions].map((action) =>
        fault('permission', `${who} is not authorized to ${action}`, '`migrate-deploy iam-policy` prints the policy'),
      );
    }),
  );
  return (await Promise.all(found)).flat();
}

/** Whether the jobs may hand the definition's roles to tasks, and read its log. */
export async function checkTaskPermissions(
  definition: RawTaskDefinition,
  jobRoles: readonly (string | undefined)[],
  caller: string,
  deps: DoctorDeps,
): Promise<Finding[]> {
  const { family, executionRoleArn, taskRoleArn } = definition;
  const roles = [...new Set([executionRoleArn, taskRoleArn])].filter((role) => typeof role === 'string');
  const groups = logGroupsOf(definition, caller, deps);
  const found = jobRoles.map((roleArn) =>
    check('permission', async () => {
      const who = principalOf(roleArn, caller);
      const context = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
      const ask = (actions: string[], resources: string[], more = {}) =>
        resources.length === 0 ? [] : denied({ roleArn, actions, resources, context: more }, caller, deps);
      const pass = await ask(['iam:PassRole'], roles, context);
      const read = await ask(['logs:GetLogEvents'], groups);
      return [
        ...(pass.length === 0
          ? roles.length === 0
            ? []
            : [ok('permission', `${who} can pass the roles of ${family} to tasks`)]
          : [
              fault(
                'permission',
                `${who} cannot pass the roles of ${family} to tasks: iam:PassRole on ${listed(roles)}`,
                `\`migrate-deploy iam-policy --pass-role ${roles.join(',')}\` prints the policy`,
              ),
            ]),
        ...(read.length === 0
          ? []
          : [
              fault(
                'permission',
                `${who} cannot read the log of ${family}: logs:GetLogEvents on ${listed(groups)}`,
                '`migrate-deploy iam-policy --log-group NAME` prints the policy',
              ),
            ]),
      ];
    }),
  );
  return (await Promise.all(found)).flat();
}

function logGroupsOf({ containerDefinitions = [] }: RawTaskDefinition, caller: string, { aws }: DoctorDeps): string[] {
  const partition = /^arn:([^:]+):/.exec(caller)?.[1] ?? 'aws';
  const groups = containerDefinitions.flatMap(({ logConfiguration }) => {
    const { options = {} } = (logConfiguration ?? {}) as { options?: Record<string, string> };
    const group = options['awslogs-group'];
    const region = options['awslogs-region'] ?? aws.region;
    return group === undefined
      ? []
      : [`arn:${partition}:logs:${region}:${accountOf(caller) ?? '*'}:log-group:${group}:log-stream:*`];
  });
  return [...new Set(groups)];
}
