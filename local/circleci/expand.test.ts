import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ConfigError } from './config-error.ts';
import { checkOrb, type ExpandOptions, expandConfig } from './expand.ts';

const steps = (config: string, options?: ExpandOptions) => {
  const expanded = expandConfig(config, options);
  return expanded.workflows[0]?.jobs[0]?.job?.steps.map(({ type, body }) => ({ [type]: body }));
};
const commands = (config: string, options?: ExpandOptions) =>
  steps(config, options)?.map((step) => (step as { run: { command: string } }).run.command);

/** A config whose only job has these steps, and a command `say` that takes parameters. */
const job = (jobSteps: string, more = '') => `
version: 2.1
${more}
commands:
  say:
    parameters:
      to: {type: string}
      loud: {type: boolean, default: false}
      times: {type: integer, default: 1}
      how: {type: enum, enum: [plain, bold], default: plain}
      variable: {type: env_var_name, default: TOKEN}
      after: {type: steps, default: []}
    steps:
      - run: 'say << parameters.to >> << parameters.how >> << parameters.times >> $<< parameters.variable >>'
      - when: {condition: << parameters.loud >>, steps: [{run: LOUD}]}
      - unless: {condition: << parameters.loud >>, steps: [{run: quiet}]}
      - steps: << parameters.after >>
jobs:
  build:
    machine: true
    steps: ${jobSteps}
`;

describe('steps and commands', () => {
  it('a command becomes its steps, with defaults where nothing was given', () => {
    expect(commands(job('[{say: {to: you}}]'))).toEqual(['say you plain 1 $TOKEN', 'quiet']);
  });

  it('steps given as an argument are the caller’s: its commands, its scope', () => {
    expect(commands(job('[{say: {to: a, loud: true, after: [{say: {to: b}}]}}]'))).toEqual([
      'say a plain 1 $TOKEN',
      'LOUD',
      'say b plain 1 $TOKEN',
      'quiet',
    ]);
  });

  it('a template that is the whole text keeps its type, one inside text becomes text', () => {
    const config = `
version: 2.1
jobs:
  j:
    parameters: {b: {type: boolean, default: true}, n: {type: integer, default: 7}}
    machine: true
    environment: {WHOLE: << parameters.b >>, TEXT: 'is << parameters.b >> << parameters.n >>'}
    steps: [checkout]
workflows: {w: {jobs: [j]}}`;
    expect(expandConfig(config).workflows[0]?.jobs[0]?.job?.settings.environment).toEqual({
      WHOLE: true,
      TEXT: 'is true 7',
    });
  });

  it.each([
    ['`\\<<` is a literal `<<`', 'cat \\<<EOF', 'cat <<EOF'],
    ['`\\\\<<` is a backslash and then a template', '\\\\<< pipeline.git.branch >>', '\\main'],
    ['spaces inside the marks do not matter', '<<pipeline.git.branch>>|<<  pipeline.git.branch  >>', 'main|main'],
    ['an expression is evaluated', '<< pipeline.git.branch == "main" and 10 or 1 >>', '10'],
    ['a section is kept where its variable is true', 'a<<#pipeline.git.branch>>b<</pipeline.git.branch>>', 'ab'],
    [
      'an inverted section is dropped where its variable is true',
      'a<<^pipeline.git.branch>>b<</pipeline.git.branch>>',
      'a',
    ],
  ])('%s', (_rule, text, expected) => {
    expect(commands(job(`[{run: ${JSON.stringify(`x ${text}`)}}]`))).toEqual([`x ${expected}`]);
  });

  it('a value is never evaluated a second time', () => {
    expect(commands(job(`[{say: {to: '\\<< parameters.to >>'}}]`))?.[0]).toBe('say << parameters.to >> plain 1 $TOKEN');
  });
});

describe('YAML 1.1 as CircleCI reads it', () => {
  it.each([
    ['on is a boolean', 'on', true],
    ['Yes is a boolean', 'Yes', true],
    ['y is text', 'y', 'y'],
    ['a lone dot is text', '.', '.'],
    ['a date is text', '2026-11-23', '2026-11-23'],
    ['minutes and seconds are a number to base sixty', '1:30', 90],
    ['quoted, each of them is text', "'on'", 'on'],
  ])('%s', (_rule, value, expected) => {
    const config = `version: 2.1\njobs: {build: {machine: true, environment: {A: ${value}}, steps: [checkout]}}`;
    expect(expandConfig(config).workflows[0]?.jobs[0]?.job?.settings.environment).toEqual({ A: expected });
  });

  it('anchors merge', () => {
    const config = 'version: 2.1\nbase: &base {machine: true}\njobs: {build: {<<: *base, steps: [checkout]}}';
    expect(expandConfig(config).workflows[0]?.jobs[0]?.job?.settings).toEqual({ machine: true });
  });
});

describe('logic statements', () => {
  it.each([
    ['and of true things', 'and: [true, 1, x]', true],
    ['and with an empty string', "and: [true, '']", false],
    ['or with one true thing', 'or: [false, 0, yes]', true],
    ['not', 'not: off', true],
    ['equal compares all', 'equal: [a, a, b]', false],
    ['equal keeps types apart', "equal: [1, '1']", false],
    ['matches fits the whole value', 'matches: {pattern: "^ma.*$", value: << pipeline.git.branch >>}', true],
    ['matches does not look for a part', 'matches: {pattern: "ai", value: << pipeline.git.branch >>}', false],
    ['an empty statement is false', '{}', false],
  ])('%s', (_rule, condition, expected) => {
    const text = condition === '{}' ? '{}' : `{${condition}}`;
    const found = commands(job(`[{when: {condition: ${text}, steps: [{run: 'yes it is'}]}}, {run: end}]`));
    expect(found).toEqual(expected ? ['yes it is', 'end'] : ['end']);
  });
});

describe('what CircleCI refuses, in its words', () => {
  const refused: [rule: string, config: string, message: string][] = [
    ['a missing argument', job('[say]'), "Error calling command: 'say'\nMissing required argument(s): to"],
    ['an argument that is not declared', job('[{say: {to: a, too: b}}]'), 'Unexpected argument(s): too'],
    [
      'a number for a string',
      job('[{say: {to: 1}}]'),
      'Type error for argument to: expected type: string, actual value: 1 (type integer)',
    ],
    [
      'a quoted integer',
      job("[{say: {to: a, times: '2'}}]"),
      'Type error for argument times: expected type: integer, actual value: "2" (type string)',
    ],
    [
      'text for a boolean',
      job("[{say: {to: a, loud: 'yes'}}]"),
      'Type error for argument loud: expected type: boolean, actual value: "yes" (type string)',
    ],
    ['a value outside the enum', job('[{say: {to: a, how: loud}}]'), 'Type error for argument how'],
    [
      'an env_var_name with a dollar',
      job("[{say: {to: a, variable: '${X}'}}]"),
      'expected type: env_var_name, actual value: "${X}" (type string)',
    ],
    [
      'text for steps',
      job("[{say: {to: a, after: ''}}]"),
      'Type error for argument after: expected type: steps, actual value: "" (type string)',
    ],
    ['an unknown command', job('[shout]'), 'Cannot find a definition for command named shout'],
    ['an unknown orb command', job('[slack/notify]'), 'Cannot find a definition for command named slack/notify'],
    ['a step with two keys', job('[{say: {to: a}, name: x}]'), 'A step is a map with one key, not 2: say, name'],
    [
      'steps behind a false condition are checked too',
      job('[{when: {condition: false, steps: [shout]}}]'),
      'command named shout',
    ],
    ['an unclosed template', job("[{run: 'cat <<EOF'}]"), "Unclosed '<<' tag in string"],
    ['a misspelt scope', job("[{run: '<< paramaters.to >>'}]"), 'Unknown variable(s): to'],
    ['an unknown pipeline value', job("[{run: '<< pipeline.nothing >>'}]"), 'Unknown variable(s): pipeline.nothing'],
    [
      'auto_rerun_delay is checked before parameters are put in',
      job("[{run: {command: x, auto_rerun_delay: '<< pipeline.id >>'}}]"),
      'auto_rerun_delay',
    ],
    ['max_auto_reruns of 0', job('[{run: {command: x, max_auto_reruns: 0}}]'), 'max_auto_reruns'],
    [
      'a key that no run step has',
      job('[{run: {command: x, envronment: {}}}]'),
      'extraneous key [envronment] is not permitted',
    ],
    ['a run step without a command', job('[{run: {name: x}}]'), 'required key [command] not found'],
    [
      'a list in an environment',
      job('[{run: {command: x, environment: {A: [1]}}}]'),
      'environment.A: expected type: String, found: sequence',
    ],
    ['a wrong `when`', job('[{run: {command: x, when: on_failure}}]'), 'is not one of always, on_success, on_fail'],
    ['an empty list in a condition', job('[{when: {condition: {and: []}, steps: [checkout]}}]'), "'and' needs a list"],
    [
      'a job without a machine',
      'version: 2.1\njobs: {build: {steps: [checkout]}}',
      'A job needs one of docker, machine, macos; it has 0',
    ],
    ['a job without steps', 'version: 2.1\njobs: {build: {machine: true, steps: []}}', 'A job needs at least one step'],
    ['version 2', 'version: 2\njobs: {}', 'version'],
    ['no workflow and no build job', 'version: 2.1\njobs: {}', 'top-level key called "workflows:"'],
    ['an orb that is nowhere', 'version: 2.1\norbs: {a: b/c@1}', 'Cannot find b/c@1 in the orb registry.'],
    ['a key that stands twice', 'version: 2.1\nversion: 2.1', 'Unable to parse YAML'],
  ];
  it.each(refused)('%s', (_rule, config, message) => {
    expect(() => expandConfig(config)).toThrow(ConfigError);
    expect(() => expandConfig(config)).toThrow(message);
  });

  it('the calls that led to a fault stand above it', () => {
    expect(() => expandConfig(job('[{say: {to: a, after: [say]}}]'))).toThrow(
      "Error calling workflow: 'build'\nError calling job: 'build'\nError calling command: 'say'\nError calling command: 'say'\nMissing required argument(s): to",
    );
  });

  it('an orb refers to no parameter that it does not declare', () => {
    const orb = 'version: 2.1\ncommands: {a: {parameters: {x: {type: string}}, steps: [{run: "<< parameters.y >>"}]}}';
    expect(() => checkOrb(orb)).toThrow(
      "Error calling command: 'a'\nArguments referenced without declared parameters: y",
    );
  });

  it.each([
    [
      'a default of the wrong type',
      "{killswitch: {type: boolean, default: 'on'}}",
      "default value of parameter 'killswitch' is 'on' (type string): expected type boolean",
    ],
    [
      'an unquoted word that YAML 1.1 takes for a boolean',
      '{a: {type: enum, enum: [wait, off], default: wait}}',
      "parameter 'a': enum must be a list of strings",
    ],
    ['a default outside the enum', '{a: {type: enum, enum: [x], default: y}}', "default value of parameter 'a' is 'y'"],
    ['an unknown type', '{a: {type: text}}', 'type "text" is not one of'],
    ['a name in upper case', '{Aa: {type: string}}', "parameter name 'Aa' must begin with a letter"],
  ])('a declaration: %s', (_rule, parameters, message) => {
    expect(() => checkOrb(`version: 2.1\ncommands: {c: {parameters: ${parameters}, steps: [checkout]}}`)).toThrow(
      message,
    );
  });
});

describe('orbs and executors', () => {
  const orb = `
version: 2.1
executors:
  default:
    parameters: {tag: {type: string, default: lts}}
    docker: [{image: 'node:<< parameters.tag >>'}]
    environment: {A: executor, B: executor}
    resource_class: small
commands:
  hello: {steps: [{run: hello from the orb}]}
jobs:
  work:
    parameters:
      executor: {type: executor, default: default}
      extra: {type: steps, default: [hello]}
    executor: << parameters.executor >>
    environment: {B: job}
    steps: [hello, {steps: << parameters.extra >>}]
`;
  const config = (call: string, more = '') => `
version: 2.1
orbs: {o: team/o@1}
${more}
workflows: {w: {jobs: [{o/work: ${call}}]}}`;
  const expand = (call: string, more = '') =>
    expandConfig(config(call, more), { orbs: { o: orb } }).workflows[0]?.jobs[0];

  it('the job’s environment wins over the executor’s, and its other keys too', () => {
    expect(expand('{}')?.job?.settings).toEqual({
      docker: [{ image: 'node:lts' }],
      environment: { A: 'executor', B: 'job' },
      resource_class: 'small',
    });
  });

  it('an orb’s default is looked up in the orb, an argument where it was written', () => {
    const more = 'executors: {mine: {machine: true}}\ncommands: {hello: {steps: [{run: hello from the config}]}}';
    const found = expand('{executor: mine, extra: [hello, o/hello]}', more)?.job;
    expect(found?.settings.machine).toBe(true);
    expect(found?.steps.map(({ body }) => body.command)).toEqual([
      'hello from the orb',
      'hello from the config',
      'hello from the orb',
    ]);
  });

  it('an executor takes arguments', () => {
    expect(expand("{executor: {name: o/default, tag: '24'}}")?.job?.settings.docker).toEqual([{ image: 'node:24' }]);
  });

  it('pre-steps and post-steps stand around the job’s own', () => {
    const found = expand('{pre-steps: [{run: first}], post-steps: [{run: last}], extra: []}')?.job;
    expect(found?.steps.map(({ body }) => body.command)).toEqual(['first', 'hello from the orb', 'last']);
  });

  it('an orb does not see the pipeline', () => {
    const text = 'version: 2.1\njobs: {work: {machine: true, steps: [{run: << pipeline.id >>}]}}';
    expect(() => expandConfig(config('{}'), { orbs: { o: text } })).toThrow('Unknown variable(s)');
  });
});

describe('workflows', () => {
  const expand = (jobs: string, options?: ExpandOptions) =>
    expandConfig(
      `version: 2.1
jobs:
  a: {parameters: {v: {type: integer, default: 0}}, machine: true, steps: [{run: 'v << parameters.v >>'}]}
  b: {machine: true, steps: [checkout]}
workflows: {w: {jobs: ${jobs}}}`,
      options,
    ).workflows[0]?.jobs ?? [];
  const names = (jobs: string) => expand(jobs).map(({ name }) => name);

  it('jobs called twice are numbered, named ones keep their names', () => {
    expect(names('[a, a, {a: {name: mine}}]')).toEqual(['a-1', 'a-2', 'mine']);
  });

  it('a matrix makes every combination but the excluded ones, and can be required by its alias', () => {
    const jobs = expand('[{a: {matrix: {parameters: {v: [1, 2, 3]}, exclude: [{v: 2}]}}}, {b: {requires: [a]}}]');
    expect(jobs.map(({ name }) => name)).toEqual(['a-1', 'a-3', 'b']);
    expect(jobs[2]?.requires.map(({ name }) => name)).toEqual(['a-1', 'a-3']);
  });

  it('`<< matrix.v >>` can be used in the other keys', () => {
    expect(names('[{a: {matrix: {parameters: {v: [1, 2]}}, name: "n<< matrix.v >>"}}]')).toEqual(['n1', 'n2']);
  });

  it('a job requires others by name, with the statuses that count', () => {
    const jobs = expand('[a, {b: {requires: [{a: [failed, canceled]}]}}, {b: {name: c, requires: [{a: terminal}]}}]');
    expect(jobs[1]?.requires).toEqual([{ name: 'a', statuses: ['failed', 'canceled'] }]);
    expect(jobs[2]?.requires[0]?.statuses).toHaveLength(5);
  });

  it('jobs are in an order in which they can run', () => {
    expect(names('[{b: {requires: [hold]}}, {hold: {type: approval, requires: [a]}}, a]')).toEqual(['a', 'hold', 'b']);
  });

  it.each([
    [
      'a name that no job has',
      '[{b: {requires: [x]}}]',
      "Job 'b' requires 'x', which is the name of 0 other jobs in workflow 'w'",
    ],
    [
      'a name that was numbered away',
      '[a, a, {b: {requires: [a]}}]',
      "requires 'a', which is the name of 2 other jobs",
    ],
    ['a circle', '[{a: {requires: [b]}}, {b: {requires: [a]}}]', 'in a circle'],
    ['a status that is none', '[a, {b: {requires: [{a: red}]}}]', "'red' is not one of"],
    ['an unknown job', '[c]', "Error calling workflow: 'w'\nCannot find a definition for job named c"],
    [
      'a matrix parameter that the job does not have',
      '[{b: {matrix: {parameters: {v: [1]}}}}]',
      'Unexpected argument(s): v',
    ],
    ['two jobs named alike', '[{a: {name: x}}, {b: {name: x}}]', "named 'x'"],
  ])('refused: %s', (_rule, jobs, message) => {
    expect(() => expand(jobs)).toThrow(message);
  });

  it.each<[string, string, ExpandOptions, boolean]>([
    ['no filter lets every branch run', '{}', { branch: 'x' }, true],
    ['no filter lets no tag run', '{}', { tag: 'v1' }, false],
    ['only names a branch', '{branches: {only: staging}}', { branch: 'staging' }, true],
    ['only keeps others out', '{branches: {only: staging}}', { branch: 'staging-2' }, false],
    ['a pattern fits the whole name', '{branches: {only: /st.*/}}', { branch: 'my-st' }, false],
    ['ignore', '{branches: {ignore: [main, /x.*/]}}', { branch: 'xyz' }, false],
    ['a tag filter lets a tag run', '{tags: {only: /^v.*/}}', { tag: 'v1' }, true],
    ['a tag filter alone lets branches run', '{tags: {only: /^v.*/}}', { branch: 'main' }, true],
    ['branches ignored, tags named', '{tags: {only: /^v.*/}, branches: {ignore: /.*/}}', { branch: 'main' }, false],
    ['an expression', '\'pipeline.git.branch starts-with "st"\'', { branch: 'staging' }, true],
  ])('filters: %s', (_rule, filters, options, included) => {
    expect(expand(`[{a: {filters: ${filters}}}]`, options)[0]?.included).toBe(included);
  });

  it('when and unless decide about a whole workflow, with pipeline parameters', () => {
    const config = `
version: 2.1
parameters: {deploy: {type: boolean, default: false}}
jobs: {a: {machine: true, steps: [checkout]}}
workflows:
  one: {when: << pipeline.parameters.deploy >>, jobs: [a]}
  two: {unless: << pipeline.parameters.deploy >>, jobs: [a]}
  three: {when: 'pipeline.git.branch == "main" and not pipeline.parameters.deploy', jobs: [a]}`;
    const active = (deploy: boolean) =>
      expandConfig(config, { pipelineParameters: { deploy } })
        .workflows.filter((item) => item.active)
        .map((item) => item.name);
    expect(active(true)).toEqual(['one']);
    expect(active(false)).toEqual(['two', 'three']);
    expect(() => expandConfig(config, { pipelineParameters: { deply: true } })).toThrow(
      'Unexpected argument(s): deply',
    );
  });

  it.each(['2.1', "'2.1'"])('takes version: %s', (version) => {
    const config = `version: ${version}\njobs: {build: {docker: [{image: a}], steps: [checkout]}}\n`;
    expect(expandConfig(config).workflows[0]?.jobs[0]?.name).toBe('build');
  });

  it('the compiled config tells jobs of one name in two workflows apart, also where they require each other', () => {
    const config = `
version: 2.1
jobs:
  a: {docker: [{image: a}], steps: [checkout]}
  b: {docker: [{image: a}], steps: [checkout]}
workflows:
  one: {jobs: [a, {b: {requires: [a]}}]}
  two: {jobs: [a]}
`;
    const { jobs, workflows } = parse(expandConfig(config).compiled);
    expect(Object.keys(jobs)).toEqual(['one/a', 'b', 'two/a']);
    expect(workflows.one.jobs[1].b.requires).toEqual([{ 'one/a': ['success'] }]);
  });

  it('a compiled config has at most 8 MB', () => {
    const big = `version: 2.1\njobs: {build: {machine: true, steps: [{run: "${'x'.repeat(8_400_000)}"}]}}`;
    expect(() => expandConfig(big)).toThrow('at most 8MB');
  });
});
