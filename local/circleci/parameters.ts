import { ConfigError } from './config-error.ts';
import { isMade, plain } from './substitute.ts';
import { isMap, mapOf, type Yaml, type YamlMap, yamlType } from './yaml.ts';

/** One declared parameter of a job, command, executor or pipeline. */
export interface Declaration {
  type: ParameterType;
  default?: Yaml;
  enum?: readonly string[];
}
export type ParameterType = 'string' | 'boolean' | 'integer' | 'enum' | 'executor' | 'steps' | 'env_var_name';
export type Declarations = Readonly<Record<string, Declaration>>;

const elementTypes = ['string', 'boolean', 'integer', 'enum', 'executor', 'steps', 'env_var_name'];
/** The types that each kind of element may declare. */
export const allowedTypes = {
  element: elementTypes,
  executor: ['string', 'boolean', 'integer', 'enum'],
  pipeline: ['string', 'boolean', 'integer', 'enum'],
};
const declarationKeys = ['type', 'default', 'enum', 'description'];

/** Reads `parameters:` and checks names, types and defaults. */
export function readDeclarations(value: Yaml | undefined, types: readonly string[]): Declarations {
  const declared = Object.entries(mapOf(value, 'parameters')).map(([name, raw]): [string, Declaration] => {
    checkName(name, 'parameter');
    const body = mapOf(raw, `parameter '${name}'`);
    const extra = Object.keys(body).filter((key) => !declarationKeys.includes(key));
    if (extra.length > 0)
      throw new ConfigError(`parameter '${name}': extraneous key [${extra.join(', ')}] is not permitted`);
    if (typeof body.type !== 'string' || !types.includes(body.type)) {
      throw new ConfigError(
        `parameter '${name}': type ${JSON.stringify(body.type ?? null)} is not one of ${types.join(', ')}`,
      );
    }
    const declaration = readDeclaration(name, body.type as ParameterType, body);
    return [name, declaration];
  });
  return Object.fromEntries(declared);
}

/** Job, command, executor and parameter names: a letter, then letters, digits, `_` and `-`, in lower case. */
export function checkName(name: string, what: string): void {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) {
    throw new ConfigError(`${what} name '${name}' must begin with a letter and hold only a-z, 0-9, _ and -`);
  }
}

function readDeclaration(name: string, type: ParameterType, body: YamlMap): Declaration {
  const values = type === 'enum' ? enumValues(name, body.enum) : undefined;
  const declaration: Declaration = {
    type,
    ...(values === undefined ? {} : { enum: values }),
    ...(body.default === undefined ? {} : { default: body.default }),
  };
  // Steps and executors are resolved where they are used; a null default of them means none.
  const scalar = type !== 'steps' && type !== 'executor';
  if (scalar && declaration.default !== undefined && !fits(declaration, declaration.default)) {
    throw new ConfigError(
      `default value of parameter '${name}' is '${String(declaration.default)}' (type ${yamlType(declaration.default)}): expected type ${typeName(declaration)}`,
    );
  }
  return declaration;
}

function enumValues(name: string, value: Yaml | undefined): string[] {
  if (!Array.isArray(value) || value.length === 0 || !value.every((item) => typeof item === 'string')) {
    throw new ConfigError(`parameter '${name}': enum must be a list of strings`);
  }
  return value as string[];
}

/** How steps and executors given as values become real ones, in the namespace of whoever wrote them. */
export interface Resolvers {
  steps(value: unknown): unknown;
  executor(value: unknown): unknown;
}

/** The values of all declared parameters: what was given, else the default. Complains as CircleCI does. */
export function bindArguments(
  declarations: Declarations,
  given: Readonly<Record<string, unknown>>,
  caller: Resolvers & { scalar(value: unknown): unknown },
  definer: Resolvers,
): Record<string, unknown> {
  const missing = Object.entries(declarations)
    .filter(([name, declaration]) => declaration.default === undefined && !Object.hasOwn(given, name))
    .map(([name]) => name);
  if (missing.length > 0) throw new ConfigError(`Missing required argument(s): ${missing.join(', ')}`);
  const unexpected = Object.keys(given).filter((name) => !Object.hasOwn(declarations, name));
  const [first] = unexpected;
  if (first !== undefined) {
    const near = Object.keys(declarations).filter((name) => !Object.hasOwn(given, name));
    throw new ConfigError(`Unexpected argument(s): ${unexpected.join(', ')}`, { word: first, near });
  }
  const values = Object.entries(declarations).map(([name, declaration]): [string, unknown] => {
    const isGiven = Object.hasOwn(given, name);
    const raw = isGiven ? given[name] : declaration.default;
    const { type } = declaration;
    if (type === 'steps' || type === 'executor') {
      const value = isGiven && typeof raw === 'string' && raw.includes('<<') ? caller.scalar(raw) : raw;
      const right = type === 'steps' ? Array.isArray(value) : typeof value === 'string' || isMap(value);
      if (!right && !isMade(value)) throw typeError(name, declaration, value);
      if (isMade(value) && value.made !== type) throw typeError(name, declaration, value);
      return [name, (isGiven ? caller : definer)[type](value)];
    }
    const value = isGiven ? caller.scalar(raw) : raw;
    if (!fits(declaration, value)) throw typeError(name, declaration, value);
    return [name, plain(value, name)];
  });
  return Object.fromEntries(values);
}

function fits({ type, enum: values }: Declaration, value: unknown): boolean {
  switch (type) {
    case 'string':
      return typeof value === 'string';
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value);
    case 'enum':
      return typeof value === 'string' && (values ?? []).includes(value);
    case 'env_var_name':
      return typeof value === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(value);
    case 'steps':
    case 'executor':
      return true;
  }
}

const typeName = ({ type, enum: values }: Declaration): string =>
  type === 'enum' ? `enum with values ${(values ?? []).join(', ')}` : type;

function typeError(name: string, declaration: Declaration, value: unknown): ConfigError {
  const shown = isMade(value) ? value.made : JSON.stringify(value);
  return new ConfigError(
    `Type error for argument ${name}: expected type: ${typeName(declaration)}, actual value: ${shown} (type ${isMade(value) ? value.made : yamlType(value)})`,
  );
}
