import { ConfigError } from './config-error.ts';
import { evaluate, isTruthy, matchesWhole, type Scope } from './expression.ts';
import { substitute } from './substitute.ts';
import { isMap, type Yaml } from './yaml.ts';

/** Decides a logic statement: a literal, `and`, `or`, `not`, `equal` or `matches`, nested up to 100 deep. */
export function decide(condition: Yaml | undefined, scope: Scope, depth = 0): boolean {
  if (depth > 100) throw new ConfigError('Logic statements may be nested 100 deep');
  if (!isMap(condition)) {
    if (Array.isArray(condition)) throw new ConfigError('A condition cannot be a list');
    return isTruthy(substitute(condition, scope));
  }
  const entries = Object.entries(condition);
  if (entries.length === 0) return false;
  const [[operator, operand] = ['', null]] = entries;
  if (entries.length > 1) throw new ConfigError('A logic statement has one operator');
  switch (operator) {
    case 'and':
      return operands(operator, operand)
        .map((item) => decide(item, scope, depth + 1))
        .every(Boolean);
    case 'or':
      return operands(operator, operand)
        .map((item) => decide(item, scope, depth + 1))
        .some(Boolean);
    case 'not':
      return !decide(operand, scope, depth + 1);
    case 'equal': {
      const [first, ...others] = operands(operator, operand).map((item) => JSON.stringify(substitute(item, scope)));
      return others.every((other) => other === first);
    }
    case 'matches':
      return matches(operand, scope);
    default:
      throw new ConfigError(`Unknown logic operator '${operator}'`);
  }
}

/** Decides `when:` of a workflow or the text form of `filters:`, which may also be an expression. */
export function decideExpression(condition: Yaml | undefined, scope: Scope): boolean {
  if (typeof condition !== 'string' || condition.includes('<<')) return decide(condition, scope);
  return isTruthy(evaluate(condition, scope));
}

function operands(operator: string, value: Yaml): Yaml[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new ConfigError(`'${operator}' needs a list that is not empty`);
  return value;
}

function matches(value: Yaml, scope: Scope): boolean {
  if (!isMap(value) || typeof value.pattern !== 'string' || value.value === undefined) {
    throw new ConfigError("'matches' needs pattern and value");
  }
  return matchesWhole(value.pattern, substitute(value.value, scope));
}
