import { ConfigError } from './config-error.ts';
import { listOf, mapOf, type Yaml, type YamlMap } from './yaml.ts';

/** One choice of a value for each axis of a matrix. */
export type Combination = YamlMap;

/** All combinations of `parameters`, without those that `exclude` names whole. */
export function combinations(matrix: YamlMap): Combination[] {
  const { parameters, exclude, ...rest } = matrix;
  if (Object.keys(rest).length > 0)
    throw new ConfigError(`matrix: extraneous key [${Object.keys(rest).join(', ')}] is not permitted`);
  const axes = Object.entries(mapOf(parameters, 'matrix.parameters'));
  if (axes.length === 0) throw new ConfigError('matrix: parameters are needed');
  const all = axes.reduce<Combination[]>(
    (found, [name, values]) =>
      found.flatMap((combination) =>
        listOf(values, `matrix.${name}`).map((value) => ({ ...combination, [name]: value })),
      ),
    [{}],
  );
  const excluded = listOf(exclude, 'matrix.exclude').map((item) => sorted(mapOf(item, 'matrix.exclude')));
  return all.filter((combination) => !excluded.includes(sorted(combination)));
}

const sorted = (map: YamlMap): string =>
  JSON.stringify(Object.entries(map).sort(([a]: [string, Yaml], [b]: [string, Yaml]) => a.localeCompare(b)));
