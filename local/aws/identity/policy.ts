/** One statement of an IAM policy document, as far as this model evaluates it. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action?: string | readonly string[];
  NotAction?: string | readonly string[];
  Resource?: string | readonly string[];
  NotResource?: string | readonly string[];
  Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** An IAM policy document: identity policy or trust policy. */
export interface PolicyDocument {
  Version?: string;
  Statement: Statement | readonly Statement[];
}

/** What a request needs: one action, on each of these resources, under these condition keys. */
export interface Permission {
  action: string;
  resources: readonly string[];
  context: Readonly<Record<string, string>>;
}

/** Why a permission was refused, in AWS's words after "because" / "with". */
export type Refusal = { resource: string; explicit: boolean };

/** Evaluates identity policies: an explicit deny wins, then an allow is needed for every resource. */
export function evaluate(policies: readonly PolicyDocument[], permission: Permission): Refusal | undefined {
  const statements = policies.flatMap(({ Statement }) => [Statement].flat() as Statement[]);
  for (const resource of permission.resources) {
    const matching = statements.filter((statement) => applies(statement, permission, resource));
    if (matching.some(({ Effect }) => Effect === 'Deny')) return { resource, explicit: true };
    if (!matching.some(({ Effect }) => Effect === 'Allow')) return { resource, explicit: false };
  }
  return undefined;
}

/** Whether every condition block holds; a missing key fails all operators but the `IfExists` ones. */
export function conditionsHold(statement: Statement, context: Readonly<Record<string, string>>): boolean {
  return Object.entries(statement.Condition ?? {}).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) => holds(operator, contextValue(context, key), list(expected))),
  );
}

/** Matches IAM's wildcards `*` and `?`; everything else stands for itself. */
export function matches(pattern: string, value: string, ignoreCase = false): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, ignoreCase ? 'is' : 's').test(value);
}

function applies(statement: Statement, permission: Permission, resource: string): boolean {
  const { Action, NotAction, Resource, NotResource } = statement;
  const action = (pattern: string): boolean => matches(pattern, permission.action, true);
  if (Action !== undefined && !list(Action).some(action)) return false;
  if (NotAction !== undefined && list(NotAction).some(action)) return false;
  if (Resource !== undefined && !list(Resource).some((pattern) => matches(pattern, resource))) return false;
  if (NotResource !== undefined && list(NotResource).some((pattern) => matches(pattern, resource))) return false;
  return conditionsHold(statement, permission.context);
}

function holds(operator: string, actual: string | undefined, expected: readonly string[]): boolean {
  const base = operator.replace(/IfExists$/, '');
  if (actual === undefined) return operator.endsWith('IfExists') || /Not/.test(base);
  switch (base) {
    case 'StringEquals':
    case 'ArnEquals':
    case 'ArnLike':
    case 'StringLike':
      return expected.some((pattern) => (base === 'StringEquals' ? pattern === actual : matches(pattern, actual)));
    case 'StringEqualsIgnoreCase':
      return expected.some((value) => value.toLowerCase() === actual.toLowerCase());
    case 'StringNotEquals':
      return !expected.includes(actual);
    case 'StringNotLike':
    case 'ArnNotLike':
    case 'ArnNotEquals':
      return !expected.some((pattern) => matches(pattern, actual));
    default:
      throw new Error(`The model does not know the condition operator ${operator}.`);
  }
}

/** Condition keys do not distinguish case. */
function contextValue(context: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())?.[1];
}

function list(value: string | readonly string[]): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}
