import type { OptionTable, ValuesOf } from '../../src/options/option.ts';
import type { Given } from '../../src/options/parse.ts';
import { optionError, type ReadDeps, readOptions } from '../../src/options/read.ts';
import { memoryFiles } from './memory-files.ts';

/** What was typed, as if the command line had been split: option names to one or many values. */
export function typed(given: Readonly<Record<string, unknown>>, rest: readonly string[] = []): Given {
  const texts = Object.entries(given).map(([name, value]) => [name, [value].flat().map(String)] as const);
  return { texts: new Map(texts), rest, errors: [] };
}

/** The values of a table's options, or the UserError that a user would see. */
export async function valuesOf<Table extends OptionTable>(
  table: Table,
  given: Readonly<Record<string, unknown>>,
  env: ReadDeps['env'] = {},
  files = memoryFiles(),
): Promise<ValuesOf<Table>> {
  const { errors, values } = await readOptions(table, typed(given), () => [], { env, files });
  if (values === undefined) throw optionError(errors, 'command');
  return values;
}

/** All errors of a table's options, in their order. */
export async function errorsOf(
  table: OptionTable,
  given: Readonly<Record<string, unknown>>,
  env: ReadDeps['env'] = {},
  files = memoryFiles(),
): Promise<readonly string[]> {
  return (await readOptions(table, typed(given), () => [], { env, files })).errors;
}
