import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { expandConfig } from '../../local/circleci/expand.ts';
import { type RunOptions, runWorkflow } from '../../local/circleci/runner.ts';
import { mapOf, readYaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { packOrb } from '../../scripts/pack-orb.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const orbFolder = join(root, 'orb');

/** A hand-written file of the orb. */
export interface OrbFile {
  path: string;
  name: string;
  body: YamlMap;
}

export async function orbFiles(section: 'commands' | 'jobs' | 'executors' | 'examples'): Promise<OrbFile[]> {
  const names = (await readdir(join(orbFolder, section))).sort();
  return Promise.all(
    names.map(async (file) => ({
      path: `orb/${section}/${file}`,
      name: file.replace(/\.yml$/, ''),
      body: mapOf(readYaml(await readFile(join(orbFolder, section, file), 'utf8')), file),
    })),
  );
}

/** Stands in for the program: writes down how it was called, and ends as EXIT_CODES (by command) says. */
const recorder = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const [command] = process.argv.slice(2);
if (command === '--version') {
  console.log(process.env.RECORDER_VERSION ?? '0.0.0');
  process.exit(0);
}
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(MIGRATE_DEPLOY|ORB)_/.test(name)));
appendFileSync(process.env.CALLS, JSON.stringify({ argv: process.argv.slice(2), file: process.argv[1], cwd: process.cwd(), env }) + '\\n');
const folder = process.env.MIGRATE_DEPLOY_RECORD_DIR?.replace(/^~/, process.env.HOME);
if (folder && !['notify-slack', 'report', 'deploy-marker', 'status'].includes(command) && process.env.MIGRATE_DEPLOY_DRY_RUN !== '1') {
  mkdirSync(folder, { recursive: true });
  const service = command === 'update-service-and-verify' ? '-' + (process.env.MIGRATE_DEPLOY_FAMILY || process.env.MIGRATE_DEPLOY_SERVICE) : '';
  writeFileSync(folder + '/' + command + service + '.json', '{}');
}
console.log('this is ' + command);
process.exitCode = JSON.parse(process.env.EXIT_CODES || '{}')[command] ?? 0;
`;

/** Has the parameters of the aws-cli orb that an example uses, and writes down that it ran. */
const awsCli = `
version: 2.1
commands:
  setup:
    parameters: {role_arn: {type: string}, region: {type: string}}
    steps:
      - run: {name: Sign in with aws-cli, environment: {ROLE: << parameters.role_arn >>}, command: 'echo "$ROLE"'}
`;

export interface Call {
  argv: string[];
  file: string;
  cwd: string;
  env: Record<string, string>;
}

/** A folder with the orb packed around the recording program, and a way to run configs with it. */
export async function createWorkbench() {
  const folder = await mkdtemp(join(tmpdir(), 'migrate-deploy-orb-'));
  const program = join(folder, 'recorder.cjs');
  await writeFile(program, recorder);
  await writeFile(join(folder, 'THIRD_PARTY_LICENSES.txt'), "What another wrote, and the author's terms\n");
  const { text } = await packOrb({ bundleFile: program, outFile: join(folder, 'orb.yml') });
  const projectDir = join(folder, 'project');
  await mkdir(projectDir);
  let runs = 0;
  const expand = (config: YamlMap | string, branch = 'main') =>
    expandConfig(typeof config === 'string' ? config : stringify(config, { version: '1.1' }), {
      orbs: { 'migrate-deploy': text, 'aws-cli': awsCli },
      branch,
    });
  return {
    folder,
    program,
    packed: text,
    projectDir,
    expand,
    /** Runs a config's workflow; answers its result and how the program was called. */
    run: async (config: YamlMap | string, options: Partial<RunOptions> & { branch?: string } = {}) => {
      runs += 1;
      const calls = join(folder, `calls-${runs}.jsonl`);
      const result = await runWorkflow(expand(config, options.branch), {
        projectDir,
        ...options,
        env: { CALLS: calls, ...options.env },
      });
      const lines = await readFile(calls, 'utf8').catch(() => '');
      const made = lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Call);
      // What only tells others about the stages has tests of its own.
      const beside = ['deploy-marker', 'report'];
      return { result, calls: made.filter(({ argv }) => !beside.includes(argv[0] ?? '')), all: made };
    },
    /** A config with one job that has these steps. */
    steps: (...steps: (YamlMap | string)[]): YamlMap => ({
      version: 2.1,
      orbs: { 'migrate-deploy': 'org/migrate-deploy@1' },
      jobs: { job: { machine: true, steps } },
      workflows: { w: { jobs: ['job'] } },
    }),
    /** A config with these jobs of the orb, one after the other. */
    jobs: (...calls: readonly [name: string, given: YamlMap][]): YamlMap => ({
      version: 2.1,
      orbs: { 'migrate-deploy': 'org/migrate-deploy@1' },
      workflows: {
        w: {
          jobs: calls.map(([name, given], index) => ({
            [`migrate-deploy/${name}`]: {
              name,
              ...given,
              ...(index === 0 ? {} : { requires: [calls[index - 1]?.[0] ?? ''] }),
            },
          })),
        },
      },
    }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
