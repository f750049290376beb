import { accountOf, resourceName } from '../../base/arn.ts';
import { hasCode } from '../../errors.ts';
import { check, type Finding, fault, listed, ok } from './finding.ts';
import type { DoctorDeps, Push } from './target.ts';

/** A statement of a trust policy: each member may be one or a list. */
interface Statement {
  Effect?: string;
  Action?: string | string[];
  Principal?: string | { Federated?: string | string[] };
  Condition?: Record<string, Record<string, string | string[]>>;
}

const printed = '`migrate-deploy iam-policy` prints the trust policy';

/** Whether a role of the jobs lets the tokens of this push in: provider, audience and subject. */
export async function checkJobRole(
  role: string,
  push: Push,
  account: string | undefined,
  { aws }: DoctorDeps,
): Promise<Finding[]> {
  const owner = accountOf(role);
  if (owner !== account)
    return [
      {
        area: 'trust',
        state: 'unknown',
        text: `${role} is of account ${owner}, which these credentials are not of: not checked`,
      },
    ];
  return check('trust', async () => {
    const trust = await aws.setup.roleTrust(resourceName(role)).catch((error: unknown) => {
      if (hasCode(error, 'NoSuchEntity', 'NoSuchEntityException')) return undefined;
      throw error;
    });
    if (trust === undefined)
      return [
        fault('trust', `There is no role ${role}`, 'Create it: `migrate-deploy iam-policy` prints both policies'),
      ];
    const statements = [(JSON.parse(trust) as { Statement: Statement | Statement[] }).Statement].flat();
    const federated = statements.filter(
      ({ Effect, Principal }) => Effect === 'Allow' && federatedOf(Principal).some(isCircleCi),
    );
    if (federated.length === 0) return [fault('trust', `${role} trusts no OIDC provider of CircleCI`, printed)];
    const usable = federated.filter(({ Action = [] }) => [Action].flat().some(isWebIdentity));
    if (usable.length === 0)
      return [
        fault('trust', `${role} lets tokens do nothing: its Action is not sts:AssumeRoleWithWebIdentity`, printed),
      ];
    const all: Finding[][] = [];
    for (const statement of usable) {
      const findings = await judge(role, statement, push, aws);
      if (findings.every(({ state }) => state === 'ok')) return findings;
      all.push(findings);
    }
    return all[0] ?? [];
  });
}

const federatedOf = (principal: Statement['Principal']): string[] =>
  typeof principal === 'object' ? [principal.Federated ?? []].flat() : [];
const isCircleCi = (provider: string): boolean => provider.includes(':oidc-provider/oidc.circleci.com/org/');
const isWebIdentity = (action: string): boolean => matches(action.toLowerCase(), 'sts:assumerolewithwebidentity');

async function judge(role: string, statement: Statement, push: Push, aws: DoctorDeps['aws']): Promise<Finding[]> {
  const provider = federatedOf(statement.Principal).find(isCircleCi) ?? '';
  const organization = resourceName(provider);
  const own = push.organizationId;
  if (own !== undefined && own !== organization)
    return [fault('trust', `${role} trusts the organization ${organization}, and yours is ${own}`, printed)];
  const audiences = await aws.setup.oidcAudiences(provider).catch((error: unknown) => {
    if (hasCode(error, 'NoSuchEntity', 'NoSuchEntityException')) return undefined;
    throw error;
  });
  const url = `https://oidc.circleci.com/org/${organization}`;
  if (audiences === undefined) {
    const create = `aws iam create-open-id-connect-provider --url ${url} --client-id-list ${organization}`;
    return [fault('trust', `There is no OIDC provider ${provider}, which ${role} trusts`, create)];
  }
  if (!audiences.includes(organization)) {
    const add = `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn ${provider} --client-id ${organization}`;
    return [
      fault('trust', `The OIDC provider of ${url} takes the audience ${listed(audiences)}, not ${organization}`, add),
    ];
  }
  const refused = conditionsOf(statement).flatMap(({ operator, key, patterns }): Finding[] => {
    const isLike = operator.toLowerCase().endsWith('stringlike');
    if (!isLike && !operator.toLowerCase().endsWith('stringequals'))
      return [{ area: 'trust', state: 'unknown', text: `${role} has the condition ${operator} ${key}: not judged` }];
    const claim = key.toLowerCase().replace(`oidc.circleci.com/org/${organization}:`, '');
    const fits = (value: string, pattern: string): boolean => (isLike ? matches(pattern, value) : pattern === value);
    if (claim === 'aud' && !patterns.some((pattern) => fits(organization, pattern)))
      return [
        fault(
          'trust',
          `${role} wants the audience ${listed(patterns)}; that of the tokens is ${organization}`,
          printed,
        ),
      ];
    if (claim === 'aud') return [];
    if (claim !== 'sub')
      return [{ area: 'trust', state: 'unknown', text: `${role} has a condition on ${key}: not judged` }];
    if (patterns.some((pattern) => pattern.includes('/PROJECT_ID/')))
      return [
        fault(
          'trust',
          `${role} still has the placeholder PROJECT_ID in its trust policy`,
          `${printed} with --project-id`,
        ),
      ];
    if (patterns.some((pattern) => fits(subjectFor(pattern, organization, push), pattern))) return [];
    const subject = subjectFor('', organization, push);
    return [fault('trust', `${role} wants the subject ${listed(patterns)}; that of a job is ${subject}`, printed)];
  });
  if (refused.length > 0) return refused;
  const isNarrow = conditionsOf(statement).some(({ key }) => /:sub$/i.test(key));
  const whom = isNarrow
    ? 'the tokens of these jobs'
    : 'every project of the organization: a condition on its sub narrows it';
  return [ok('trust', `${role} lets in ${whom}`)];
}

const conditionsOf = ({ Condition = {} }: Statement) =>
  Object.entries(Condition).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, patterns]) => ({ operator, key, patterns: [patterns].flat() })),
  );

/** The subject of a job's V2 token; for what is not known here, the policy's own word. */
function subjectFor(pattern: string, organization: string, { projectId, branch }: Push): string {
  const own = (key: string, otherwise: string): string => {
    const [, word = '*'] = new RegExp(`/${key}/([^/]+)`).exec(pattern) ?? [];
    return word.includes('*') ? otherwise : word;
  };
  const project = projectId ?? own('project', 'PROJECT_ID');
  const origin = /vcs-origin\/([^*]+?)\/vcs-ref/.exec(pattern)?.[1] ?? 'ORIGIN';
  const job = `org/${organization}/project/${project}/user/${own('user', 'USER_ID')}`;
  const ref = branch === undefined ? (/vcs-ref\/(.+)$/.exec(pattern)?.[1] ?? 'REF') : `refs/heads/${branch}`;
  return `${job}/vcs-origin/${origin}/vcs-ref/${ref}`;
}

/** IAM's wildcards: `*` is any text, `?` any character. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}
