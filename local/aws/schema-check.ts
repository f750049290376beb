import * as cloudwatch from '@aws-sdk/client-cloudwatch';
import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as ecr from '@aws-sdk/client-ecr';
import * as ecs from '@aws-sdk/client-ecs';
import * as secretsmanager from '@aws-sdk/client-secrets-manager';
import * as ssm from '@aws-sdk/client-ssm';
import * as sts from '@aws-sdk/client-sts';
import type { AwsServiceName, Json } from './wire.ts';

/** Of the services that answer JSON as their schemas say, and of STS. */
const schemas: Partial<Record<AwsServiceName, Record<string, unknown>>> = {
  ecs,
  ecr,
  logs,
  sts,
  secretsmanager,
  ssm,
  cloudwatch,
};

/** Kinds of the SDK's schemas: the first element of each. */
const list = 1;
const map = 2;
const structure = 3;
const operation = 9;
/** Simple kinds with the type that JSON must have for them. */
const simple: Record<number, string> = { 0: 'string', 1: 'number', 2: 'boolean', 4: 'number', 7: 'number' };

/** What is wrong with an operation's output by the SDK's own schemas: unknown members, wrong types; empty when all is right. */
export function outputFaults(service: AwsServiceName, name: string, output: Json): string[] {
  const known = schemas[service];
  // EC2, RDS and IAM answer XML with names of its own; the SDK's clients read it in the tests of doctor.
  if (known === undefined) return [];
  const schema = unfold(known[`${name}$`]);
  if (!Array.isArray(schema) || schema[0] !== operation) return [`${service} has no operation ${name}`];
  // The wire carries JSON, so what JSON leaves out was never there.
  return faults(unfold(schema[5]), JSON.parse(JSON.stringify(output)), name);
}

function faults(schema: unknown, value: Json, path: string): string[] {
  if (value === null) return [];
  if (typeof schema === 'number') {
    const type = simple[schema];
    return type === undefined || typeof value === type ? [] : [`${path} is a ${typeof value}, not a ${type}`];
  }
  if (!Array.isArray(schema)) return [];
  if (schema[0] === list) {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, index) => faults(unfold(schema[4]), item, `${path}[${index}]`));
  }
  if (schema[0] === map) {
    return Object.entries(value).flatMap(([key, item]) => faults(unfold(schema[5]), item, `${path}.${key}`));
  }
  if (schema[0] !== structure) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return [`${path} is no object`];
  const names: string[] = schema[4];
  return Object.entries(value).flatMap(([member, item]) => {
    const index = names.indexOf(member);
    return index === -1
      ? [`${path}.${member} is not known`]
      : faults(unfold(schema[5][index]), item, `${path}.${member}`);
  });
}

/** Schemas are given as functions, and with traits beside them. */
function unfold(schema: unknown): unknown {
  if (typeof schema === 'function') return unfold(schema());
  if (Array.isArray(schema) && (typeof schema[0] === 'function' || Array.isArray(schema[0]))) return unfold(schema[0]);
  return schema;
}
