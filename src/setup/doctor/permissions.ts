import type { RawTaskDefinition } from '../../ports.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Target } from './target.ts';

/** Who calls, as IAM's simulator takes it: of a session its role. */
function principalOf(arn: string): string {
  const [, partition, account, role] = /^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\//.exec(arn) ?? [];
  return role === undefined ? arn : `arn:${partition}:iam::${account}:role/${role}`;
}

/** Whether the caller's policies allow what the stages do, as far as IAM's simulator may be asked. */
export async function checkPermissions({ permissions }: Target, arn: string, { aws }: DoctorDeps): Promise<Finding[]> {
  return check('permission', async () => {
    const denied: string[] = [];
    for (const { actions, resources, context } of permissions) {
      denied.push(...(await aws.setup.denied({ principal: principalOf(arn), actions, resources, context })));
    }
    if (denied.length === 0) return [ok('permission', 'Policies allow what the stages do')];
    const actions = [...new Set(denied)];
    return actions.map((action) =>
      fault(
        'permission',
        `${principalOf(arn)} is not authorized to ${action}`,
        '`migrate-deploy iam-policy` prints the policy',
      ),
    );
  });
}

/** Whether the caller may hand the definition's roles to tasks. */
export async function checkPassRole(
  definition: RawTaskDefinition,
  arn: string,
  { aws }: DoctorDeps,
): Promise<Finding[]> {
  const roles = [...new Set([definition.executionRoleArn, definition.taskRoleArn])].filter(
    (role) => typeof role === 'string',
  );
  if (roles.length === 0) return [];
  return check('permission', async () => {
    const context = { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' };
    const denied = await aws.setup.denied({
      principal: principalOf(arn),
      actions: ['iam:PassRole'],
      resources: roles,
      context,
    });
    if (denied.length === 0) return [ok('permission', `The roles of ${definition.family} can be passed`)];
    return [
      fault(
        'permission',
        `The roles of ${definition.family} cannot be passed to tasks: iam:PassRole on ${listed(roles)}`,
        `\`migrate-deploy iam-policy --pass-role ${roles.join(',')}\` prints the policy`,
      ),
    ];
  });
}
