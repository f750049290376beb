/**
 * Who may import values from whom, as `npm run deps` checks it; CONTRIBUTING.md says why. Types may cross, except
 * out of yargs and into or out of local/.
 */

const base = ['base/', 'errors.ts', 'ports.ts'];
const facts = ['task/', 'task-definition/', 'diagnosis/', 'outcome.ts', 'records/schema.ts', ...base];
const useCases = ['migrate/', 'rollout/', 'build/', 'notify/', 'iam/', 'setup/'];

/** doctor tells beforehand what a rollout would warn about. */
const doctorAsks = ['rollout/least-duration.ts'];

/** What the files of a place in src/ may import of src/. */
const house = [
  ['start.ts', ['begin.ts']],
  ['begin.ts', ['main.ts']],
  ['main.ts', ['cli.ts', 'node.ts', 'outcome.ts', 'aws/connect.ts', 'tools.ts']],
  ['tools.ts', ['aws/', 'report/', ...base]],
  ['node.ts', ['errors.ts']],
  ['cli.ts', ['commands/', 'options/', 'report/', 'records/', 'outcome.ts', ...base]],
  ['commands/', ['commands/', 'options/', 'report/', 'records/', ...useCases, ...facts]],
  ['options/', ['options/', 'outcome.ts', ...base]],
  ['report/', ['report/', 'outcome.ts', ...base]],
  ['aws/', ['aws/', ...base]],
  // A use-case never asks another one: what two of them share stands below them.
  ...useCases.map((useCase) => [useCase, [useCase, 'records/', ...(useCase === 'setup/' ? doctorAsks : []), ...facts]]),
  ['records/', ['records/', ...facts]],
  ['task/', facts],
  ['task-definition/', ['task-definition/', ...base]],
  ['diagnosis/', ['diagnosis/', ...base]],
  ['outcome.ts', ['records/schema.ts', ...base]],
  ['base/', base],
  ['errors.ts', []],
  ['ports.ts', []],
];

/** The only files of src/ that may import a package; no other package may be imported there. */
const packages = [
  ['@aws-sdk/', ['aws/']],
  ['yargs/', ['options/parse.ts']],
  ['valibot/', ['base/', 'records/', 'migrate/overrides-schema.ts', 'task-definition/faults.ts']],
  ['jsonc-parser/', ['base/json-fault.ts']],
  ['@clack/prompts/', ['tools.ts']],
  ['log-update/', ['tools.ts']],
  ['@circleci/circleci-config-sdk/', ['setup/config-yaml.ts']],
  ['yaml/', ['setup/config-yaml.ts', 'tools.ts']],
];

/** Files, sockets, processes and timers belong to the edge; what only computes may be asked for elsewhere. */
const edge = ['main.ts', 'node.ts', 'tools.ts', 'aws/'];
const builtins = [
  ['crypto', ['migrate/identity.ts', 'records/records.ts', 'records/slack-message.ts']],
  ['util', ['report/line.ts']],
];

const inSrc = (places) => `^src/(?:${places.join('|').replaceAll('.', '\\.')})`;
const inPackages = (names) => `(?:^|/)node_modules/(?:${names.join('|')})`;
const value = { dependencyTypesNot: ['type-only', 'type-import'] };
const never = (name, from, to) => ({ name, severity: 'error', from, to });

export default {
  forbidden: [
    ...house.map(([place, imports]) =>
      never(
        `${place} imports upwards`,
        { path: inSrc([place]) },
        { ...value, path: '^src/', ...(imports.length > 0 && { pathNot: inSrc(imports) }) },
      ),
    ),
    never('a new place in src/ needs a row', { path: '^src/', pathNot: inSrc(house.map(([place]) => place)) }, {}),
    ...packages.map(([name, files]) =>
      never(
        `${name} outside of ${files.join(', ')}`,
        { path: '^src/', pathNot: inSrc(files) },
        // The tool takes a default import beside `type` names for one of types alone; yargs has such a one.
        { ...(name !== 'yargs/' && value), path: inPackages([name]) },
      ),
    ),
    never(
      'a package that src/ has no place for',
      { path: '^src/' },
      { ...value, path: inPackages(['']), pathNot: inPackages(packages.map(([name]) => name)) },
    ),
    ...builtins.map(([name, files]) =>
      never(
        `node:${name} outside of ${files.join(', ')}`,
        { path: '^src/', pathNot: inSrc([...edge, ...files]) },
        { ...value, dependencyTypes: ['core'], path: `^${name}$` },
      ),
    ),
    never(
      'Node outside of the edge',
      { path: '^src/', pathNot: inSrc(edge) },
      { ...value, dependencyTypes: ['core'], pathNot: builtins.map(([name]) => `^${name}$`) },
    ),
    never('a cycle', { path: '^(?:src|scripts|local)/' }, { circular: true, viaOnly: value }),
    never('src/ leaves itself', { path: '^src/', pathNot: inSrc(['tools.ts']) }, { path: '^(?:scripts|local|test)/' }),
    // check-config expands a config by the model of CircleCI itself.
    never(
      'tools.ts uses local CircleCI alone',
      { path: inSrc(['tools.ts']) },
      { path: '^(?:scripts|local/(?!circleci/)|test)/' },
    ),
    never('local/ leaves itself', { path: '^local/' }, { path: '^(?:src|scripts|test)/' }),
    never('scripts/ imports tests', { path: '^scripts/' }, { path: '^test/' }),
  ],
  options: {
    tsPreCompilationDeps: true,
    // A function named `require` is no import here.
    moduleSystems: ['es6'],
    doNotFollow: { path: inPackages(['']) },
  },
};
