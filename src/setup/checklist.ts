import type { Pipeline } from './pipeline.ts';

const unique = (values: readonly (string | undefined)[]): string[] =>
  [...new Set(values)].filter((value) => value !== undefined);

/** The `iam-policy` command whose policy the role of this pipeline needs. */
export function iamPolicyCommandLine({ environments, account, region }: Pipeline): string {
  const clusters = unique(environments.map(({ cluster }) => cluster));
  const each = (name: string, values: readonly (string | undefined)[]): string[] =>
    unique(values).length === 0 ? [] : [`--${name} '${unique(values).join(',')}'`];
  return clusters
    .map((cluster) => {
      const own = environments.filter((one) => one.cluster === cluster);
      return [
        `npx migrate-deploy iam-policy --cluster '${cluster}'`,
        ...each('account', [account]),
        ...each('region', [region]),
        ...each(
          'repository',
          own.map(({ repository }) => repository),
        ),
        ...each(
          'task-definition',
          own.flatMap(({ taskDefinition, services }) => [taskDefinition, ...services]),
        ),
        ...each(
          'service',
          own.flatMap(({ services }) => services),
        ),
        ...each(
          'network-from-service',
          own.map(({ networkFromService }) => networkFromService),
        ),
      ].join(' ');
    })
    .join('\n');
}

/** What must be there before the first push, in the order to do it in. */
export function checklist(pipeline: Pipeline, file: string): string[] {
  const { environments, orb, slack } = pipeline;
  const of = (pick: (one: Pipeline['environments'][number]) => readonly (string | undefined)[]): string =>
    unique(environments.flatMap(pick)).join(', ');
  const contexts = of(({ context }) => [context]);
  const holder = contexts === '' ? 'The project’s environment variables' : `The context ${contexts}`;
  const roles = of(({ roleArn }) => [roleArn]);
  const keys =
    roles === ''
      ? 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION'
      : pipeline.region === undefined
        ? 'AWS_REGION'
        : undefined;
  const forSlack = { webhook: 'SLACK_WEBHOOK', bot: 'SLACK_ACCESS_TOKEN and SLACK_DEFAULT_CHANNEL', none: undefined }[
    slack
  ];
  const held = [keys, forSlack].filter((one) => one !== undefined).join(', and ');
  return [
    `The orb ${orb} is published, or the organization allows uncertified public orbs.`,
    ...(held === '' ? [] : [`${holder} ${contexts === '' ? 'hold' : 'holds'} ${held}.`]),
    ...(roles === '' ? [] : [`${roles} trusts CircleCI’s OIDC tokens (iam-policy prints the trust policy).`]),
    `Repositories are there: ${of(({ repository }) => [repository])}.`,
    `Clusters, services and families are there: ${of(({ cluster, services, taskDefinition }) => [cluster, ...services, taskDefinition])}.`,
    `\`npx migrate-deploy check-config ${file} --branch ${environments[0]?.branch ?? 'main'}\` says what a push runs; \`npx migrate-deploy doctor --config ${file} --branch ${environments[0]?.branch ?? 'main'}\` asks AWS whether all of it is there.`,
  ];
}
