import { jsonFault } from '../base/json-fault.ts';
import { type Parsed, valid, wrong } from '../base/parsed.ts';
import { readNamedFile } from '../base/source.ts';
import type { ParseContext } from '../options/option.ts';
import type { Definition } from './edit.ts';
import { readDefinition } from './faults.ts';

/** A task definition to deploy: one that is registered, or a document to register. */
export type DefinitionSource =
  | { kind: 'reference'; reference: string }
  | { kind: 'document'; document: Definition; from: string };

/** Reads `--task-definition`: FAMILY, FAMILY:REVISION, an ARN, or the path of a .json file. */
export async function definitionSource(given: string, { files }: ParseContext): Promise<Parsed<DefinitionSource>> {
  const text = given.trim();
  if (/^(arn:[^/]+\/)?[\w-]+(:\d+)?$/.test(text)) return valid({ kind: 'reference', reference: text });
  if (!/^file:\/\/|\.json$/.test(text)) return wrong('must be FAMILY, FAMILY:REVISION, an ARN or a .json file');
  const path = text.replace(/^file:\/\//, '');
  const source = await readNamedFile(path, files);
  if ('errors' in source) return source;
  const fault = jsonFault(source.value.text);
  if (fault !== undefined) {
    const { line, column, expected } = fault;
    return wrong(`: ${path} is not JSON: line ${line}, column ${column} should be ${expected}`);
  }
  const { document, faults } = readDefinition(source.value.text);
  if (faults.length > 0) return wrong(...faults.map((one) => `: ${path}: ${one}`));
  return valid({ kind: 'document', document, from: path });
}
