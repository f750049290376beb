import type { PolicyNames } from './discover.ts';
import { builds, type Environment, type Pipeline, placeOfRepository } from './pipeline.ts';

const unique = (values: readonly (string | undefined)[]): string[] =>
  [...new Set(values)].filter((value) => value !== undefined);

/** What AWS was asked for, where it was. */
interface Seen {
  account: string | undefined;
  policyNames: ReadonlyMap<string, PolicyNames>;
}

/** The `iam-policy` commands whose policies the roles of this pipeline need: one for each cluster. */
export function iamPolicyCommandLine(
  { environments, account, region, onFailure }: Pipeline,
  seen: Seen | undefined,
): string {
  const clusters = unique(environments.map(({ cluster }) => cluster));
  const each = (name: string, values: readonly (string | undefined)[]): string[] =>
    unique(values).length === 0 ? [] : [`--${name} '${unique(values).join(',')}'`];
  return clusters
    .map((cluster) => {
      const own = environments.filter((one) => one.cluster === cluster);
      const of = (pick: (one: Environment) => string | undefined | readonly (string | undefined)[]) =>
        own.flatMap((one) => pick(one));
      const branches = unique(of(({ branch }) => branch));
      const names = own.flatMap(({ name }) => seen?.policyNames.get(name) ?? []);
      return [
        `migrate-deploy iam-policy --cluster '${cluster}'`,
        // Who gets the image of another environment's build needs no right to push.
        ...(own.some((one) => builds(one, { environments }))
          ? []
          : [
              '--for run-migration-task,update-service-and-verify',
              ...each(
                'image',
                of(({ repository }) => repository),
              ),
            ]),
        ...each('account', [account?.startsWith('$') === true ? seen?.account : (account ?? seen?.account)]),
        ...each('region', [region]),
        ...each(
          'repository',
          of(({ repository }) => repository),
        ),
        ...each(
          'task-definition',
          of(({ taskDefinition, serviceFamilies }) => [taskDefinition, ...serviceFamilies]),
        ),
        ...each(
          'service',
          of(({ services }) => services),
        ),
        ...each(
          'network-from-service',
          of(({ networkFromService }) => networkFromService),
        ),
        ...each(
          'pass-role',
          names.flatMap(({ passRoles }) => passRoles),
        ),
        ...each(
          'log-group',
          names.flatMap(({ logGroups }) => logGroups),
        ),
        ...(onFailure === 'rollback' ? each('on-failure', [onFailure]) : []),
        ...(branches.length === 1 ? each('branch', branches) : []),
      ].join(' ');
    })
    .join('\n');
}

/** What must be there before the first push, in the order to do it in. */
export function checklist(pipeline: Pipeline, file: string): string[] {
  const { environments, orb, slack } = pipeline;
  const of = (pick: (one: Environment) => readonly (string | undefined)[]): string =>
    unique(environments.flatMap(pick)).join(', ');
  const contexts = of(({ context }) => [context]);
  const holders = contexts.includes(', ') ? `Each of the contexts ${contexts} holds` : `The context ${contexts} holds`;
  const holder = contexts === '' ? 'The project’s environment variables hold' : holders;
  const roles = of(({ roleArn }) => [roleArn]);
  const forSlack = { webhook: 'SLACK_WEBHOOK', bot: 'SLACK_ACCESS_TOKEN and SLACK_DEFAULT_CHANNEL', none: undefined }[
    slack
  ];
  const held = [
    ...(roles === '' ? ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] : []),
    ...(pipeline.region === undefined ? ['AWS_REGION'] : []),
    ...(forSlack === undefined ? [] : [forSlack]),
  ].join(', ');
  const branches = unique(environments.map(({ branch }) => branch));
  const builtTwice = branches.flatMap((branch) => {
    const own = environments.filter((one) => one.branch === branch);
    return unique(own.map(placeOfRepository)).length > 1 ? [own.map(({ name }) => name).join(' and ')] : [];
  });
  return [
    `The orb ${orb} is published, or the organization allows uncertified public orbs.`,
    ...(held === '' ? [] : [`${holder} ${held}.`]),
    ...(roles === ''
      ? []
      : [
          roles.includes(', ')
            ? `CircleCI’s OIDC provider is in IAM, and the roles for the jobs are there, each with the two policies that iam-policy prints for its cluster: ${roles}.`
            : `CircleCI’s OIDC provider is in IAM, and the role for the jobs is there with the two policies that iam-policy prints: ${roles}.`,
        ]),
    `Repositories are there: ${of(({ repository }) => [repository])}.`,
    ...environments.map(
      ({ name, cluster, services, taskDefinition }) =>
        `Of ${name}: cluster ${cluster}, ${services.length === 1 ? 'service' : 'services'} ${services.join(', ')}, and the task definition ${taskDefinition}.`,
    ),
    ...builtTwice.map(
      (names) =>
        `${names} follow each other and have repositories of their own, so the commit is built for each. One \`--repository\` for all of them (its address, where accounts differ) promotes the very image that the first has run.`,
    ),
    ...branches.map(
      (branch) =>
        `\`migrate-deploy check-config ${file} --branch ${branch}\` says what a push runs; \`migrate-deploy doctor --config ${file} --branch ${branch}\` asks AWS whether all of it is there.`,
    ),
  ];
}
