import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { mapOf, readYaml, type Yaml, type YamlMap } from '../../local/circleci/yaml.ts';
import { type OrbFile, orbFiles, orbFolder, root } from './support.ts';

/** The checks of `orb-tools/review` that need no network, on the files as they are written. */
describe('orb-tools review', () => {
  let orb: YamlMap = {};
  const files: Record<'commands' | 'jobs' | 'executors' | 'examples', OrbFile[]> = {
    commands: [],
    jobs: [],
    executors: [],
    examples: [],
  };
  let all: OrbFile[] = [];
  let version = '';
  beforeAll(async () => {
    orb = mapOf(readYaml(await readFile(join(orbFolder, '@orb.yml'), 'utf8')), '@orb.yml');
    for (const section of ['commands', 'jobs', 'executors', 'examples'] as const)
      files[section] = await orbFiles(section);
    all = Object.values(files).flat();
    version = (JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }).version;
  });

  it('RC001: the source is named', () => {
    expect(mapOf(orb.display, 'display').source_url).toMatch(/^https:\/\//);
  });

  it('RC002: every element describes itself', () => {
    expect(all.filter(({ body }) => typeof body.description !== 'string' || body.description.trim() === '')).toEqual(
      [],
    );
  });

  it('every parameter describes itself', () => {
    const silent = all.flatMap(({ path, body }) =>
      Object.entries(mapOf(body.parameters, path))
        .filter(([, parameter]) => typeof mapOf(parameter, path).description !== 'string')
        .map(([name]) => `${path} ${name}`),
    );
    expect(silent).toEqual([]);
  });

  it('RC003: there are usage examples', () => {
    expect(files.examples.length).toBeGreaterThan(3);
  });

  it('RC004: examples are named for what they do', () => {
    expect(files.examples.filter(({ name }) => name.includes('example'))).toEqual([]);
  });

  it('examples hold only what every `circleci orb pack` keeps of them (circleci-cli#1076)', () => {
    const kept = ['version', 'setup', 'orbs', 'jobs', 'workflows'];
    const lost = files.examples.flatMap(({ name, body }) =>
      Object.keys(mapOf(body.usage, name)).flatMap((key) => (kept.includes(key) ? [] : [`${name}: ${key}`])),
    );
    expect(lost).toEqual([]);
  });

  it('RC005: the orb describes itself in 64 characters or more', () => {
    expect(String(orb.description).length).toBeGreaterThanOrEqual(64);
  });

  it('RC008: every run step is a map with a name', () => {
    const nameless = [...files.commands, ...files.jobs].flatMap(({ path, body }) =>
      runSteps(body.steps ?? null).filter(
        (run) => typeof run !== 'object' || typeof mapOf(run, path).name !== 'string',
      ),
    );
    expect(nameless).toEqual([]);
  });

  it('RC009: commands over 64 characters are included, whole', () => {
    const runs = [...files.commands, ...files.jobs].flatMap(({ body }) => runSteps(body.steps ?? null));
    const texts = runs.map((run) => String(mapOf(run, 'run').command));
    expect(texts.length).toBeGreaterThan(0);
    expect(texts.filter((text) => text.length > 64 && !/^<<include\([-\w/.]+\)>>$/.test(text))).toEqual([]);
  });

  it('RC010: names are in snake_case', () => {
    const names = [...files.commands, ...files.jobs, ...files.executors].flatMap(({ name, body }) => [
      name,
      ...Object.keys(mapOf(body.parameters, name)),
    ]);
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it('RC011: examples import the current major version', () => {
    const imports = files.examples.map(({ body }) => mapOf(mapOf(body.usage, 'usage').orbs, 'orbs')['migrate-deploy']);
    expect(new Set(imports)).toEqual(new Set([`org/migrate-deploy@${version.split('.')[0]}`]));
  });

  it('RC012: no parameter with a variable in its default is used as a key', () => {
    const text = JSON.stringify([...files.commands, ...files.jobs].map(({ body }) => body));
    expect(text).not.toContain('"key"');
  });

  it('no parameter is put into code', () => {
    const runs = [...files.commands, ...files.jobs].flatMap(({ body }) => runSteps(body.steps ?? null));
    expect(runs.map((run) => String(mapOf(run, 'run').command)).filter((text) => text.includes('parameters.'))).toEqual(
      [],
    );
  });
});

/** All `run` bodies below a list of steps, also inside when and unless. */
function runSteps(steps: Yaml): Yaml[] {
  if (!Array.isArray(steps)) return [];
  return steps.flatMap((step): Yaml[] => {
    if (typeof step !== 'object' || step === null || Array.isArray(step)) return [];
    return Object.entries(step).flatMap(([name, body]): Yaml[] => {
      if (name === 'run') return [body];
      return name === 'when' || name === 'unless' ? runSteps(mapOf(body, name).steps ?? null) : [];
    });
  });
}
