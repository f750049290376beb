import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandConfig } from './expand.ts';
import { type RunOptions, runWorkflow, type StepOutput } from './runner.ts';

let projectDir = '';
beforeAll(async () => {
  projectDir = await mkdtemp(join(tmpdir(), 'local-circleci-project-'));
  await writeFile(join(projectDir, 'hello.txt'), 'hello from the project\n');
});
afterAll(() => rm(projectDir, { recursive: true, force: true }));

const run = (jobs: string, workflow: string, options: Partial<RunOptions> = {}) =>
  runWorkflow(expandConfig(`version: 2.1\njobs:\n${jobs}\nworkflows: {w: {jobs: ${workflow}}}`), {
    projectDir,
    ...options,
  });
const single = async (steps: string, options: Partial<RunOptions> = {}, settings = '') => {
  const result = await run(`  j: {machine: true, ${settings} steps: ${steps}}`, '[j]', options);
  return result.jobs[0]!;
};
const output = async (steps: string, options: Partial<RunOptions> = {}, settings = '') =>
  (await single(steps, options, settings)).steps.map((step) => step.output).join('');

describe('steps', () => {
  it('each is a shell of its own, with -e and pipefail', async () => {
    const job = await single(
      "[{run: 'X=1; cd /'}, {run: 'echo \"[$X] ${PWD##*/}\"'}, {run: 'false | true; echo never'}]",
    );
    expect(job.steps.map(({ output, exitCode }) => [output, exitCode])).toEqual([
      ['', 0],
      ['[] project\n', 0],
      ['\nExited with code exit status 1\n', 1],
    ]);
    expect(job.status).toBe('failed');
  });

  it('after a failure only on_fail and always run', async () => {
    const steps = await single(
      "[{run: {command: echo 1, when: on_fail}}, {run: 'exit 3'}, {run: echo 2}, {run: {command: echo 3, when: on_fail}}, {run: {command: echo 4, when: always}}]",
    );
    expect(steps.steps.map(({ status }) => status)).toEqual(['skipped', 'failed', 'skipped', 'success', 'success']);
    expect(steps.status).toBe('failed');
  });

  it('BASH_ENV carries variables to later steps', async () => {
    expect(await output('[{run: \'echo "export A=carried" >> "$BASH_ENV"\'}, {run: \'echo "$A"\'}]')).toBe('carried\n');
  });

  it('a silent step ends after no_output_timeout', async () => {
    const job = await single('[{run: {command: sleep 20, no_output_timeout: 0.2s}}]');
    expect(job.steps[0]).toMatchObject({ status: 'failed', exitCode: 137 });
    expect(job.steps[0]?.output).toContain('Too long with no output (exceeded 0.2s)');
  });

  it('a background step is not waited for and ends with the job', async () => {
    const job = await single(
      '[{run: {command: "echo $$ > pid; sleep 100", background: true}}, {run: "until [ -s pid ]; do :; done; cat pid"}]',
    );
    const pid = Number(job.steps[1]?.output);
    expect(pid).toBeGreaterThan(1);
    expect(() => process.kill(pid, 0)).toThrow();
  });

  it('step halt ends the job well', async () => {
    const job = await single('[{run: circleci-agent step halt}, {run: exit 1}]');
    expect([job.status, job.steps[1]?.status]).toEqual(['success', 'skipped']);
  });

  it('working_directory of a step is inside the job’s', async () => {
    expect(
      await output(
        '[{run: mkdir deep}, {run: {command: pwd, working_directory: deep}}]',
        {},
        'working_directory: ~/shop,',
      ),
    ).toMatch(/\/home\/shop\/deep\n$/);
  });

  it('checkout wants an empty folder', async () => {
    expect(await output('[checkout, {run: cat hello.txt}]')).toContain('hello from the project');
    expect((await single('[{run: touch x}, checkout]')).steps[1]?.output).toContain('is not empty');
  });
});

describe('environment', () => {
  const show = '{run: {command: \'echo "$A $B $C $D $CIRCLE_JOB"\', environment: {A: step}}}';
  it('the step wins over the job, the job over CircleCI, that over contexts, those over the project', async () => {
    const result = await run(
      `  j: {machine: true, environment: {A: job, B: job}, steps: [${show}]}`,
      '[{j: {context: [one, two]}}]',
      {
        env: { A: 'project', B: 'project', C: 'project', D: 'project', CIRCLE_JOB: 'project' },
        contexts: { one: { C: 'one', B: 'one' }, two: { C: 'two' } },
        mask: false,
      },
    );
    expect(result.jobs[0]?.steps[0]?.output).toBe('step job two project j\n');
  });

  it('booleans are 1 and 0, long integers lose their digits, nothing is expanded', async () => {
    const environment = "environment: {T: true, F: false, N: 12, L: 123456789, V: '$HOME'},";
    const text = await output('[{run: \'printf "%s|" "$T" "$F" "$L" "$V"\'}]', {}, environment);
    expect(text).toBe('1|0|1.23456789E8|$HOME|');
  });

  it('nothing of this machine’s environment gets in', async () => {
    process.env.LOCAL_CIRCLECI_CANARY = 'canary';
    expect(await output('[{run: env}]')).not.toContain('canary');
    delete process.env.LOCAL_CIRCLECI_CANARY;
  });

  it('values of the project and of contexts are masked in what is shown', async () => {
    const shown: StepOutput[] = [];
    const text = await output("[{run: 'echo $SECRET $SHORT'}]", {
      env: { SECRET: 'hunter22', SHORT: 'abc' },
      onOutput: (piece) => shown.push(piece),
    });
    expect(text).toBe('**** abc\n');
    expect(shown.map((piece) => piece.text).join('')).toBe('**** abc\n');
  });

  it('`circleci env subst` and `circleci run oidc get` work', async () => {
    const steps =
      '[{run: \'circleci env subst "x ${A} ${B:-b}"\'}, {run: \'echo " $CIRCLE_OIDC_TOKEN_V2"; circleci run oidc get --claims "{\\"aud\\":\\"q\\"}"\'}]';
    const mintToken: RunOptions['mintToken'] = ({ name, audience }) => `token-${name}-${audience ?? 'org'}`;
    expect(await output(steps, { env: { A: 'a' }, mintToken })).toBe('x a b token-j-org\ntoken-j-q\n');
  });
});

describe('workspaces and results', () => {
  const write = (name: string, text: string) =>
    `{machine: true, steps: [{run: 'mkdir -p out; echo ${text} > out/${name}'}, {persist_to_workspace: {root: ., paths: [out]}}]}`;
  const read = "{machine: true, steps: [{attach_workspace: {at: .}}, {run: 'cat out/*'}]}";

  it('a job sees the layers of all jobs upstream, the later over the earlier', async () => {
    const result = await run(
      `  a: ${write('f', 'first')}\n  b: ${write('f', 'second')}\n  c: ${read}`,
      '[a, {b: {requires: [a]}}, {c: {requires: [b]}}]',
    );
    expect(result.jobs[2]?.steps[1]?.output).toBe('second\n');
  });

  it('a job does not see what is not upstream', async () => {
    const result = await run(`  a: ${write('f', 'first')}\n  c: ${read}`, '[a, c]');
    expect(result.jobs[1]?.status).toBe('failed');
  });

  it('two jobs side by side must not persist the same file', async () => {
    const result = await run(
      `  a: ${write('f', '1')}\n  b: ${write('f', '2')}\n  c: ${read}`,
      '[a, b, {c: {requires: [a, b]}}]',
    );
    expect(result.jobs[2]?.steps[0]?.output).toContain('Concurrent upstream jobs persisted the same file(s)');
  });

  it('persisting nothing fails', async () => {
    const job = await single('[{persist_to_workspace: {root: ., paths: [nothing, "*.x"]}}]');
    expect(job.steps[0]?.output).toContain('The specified paths did not match any files');
  });

  it('artifacts are kept after a failure too', async () => {
    const workDir = await mkdtemp(join(tmpdir(), 'local-circleci-work-'));
    const job = await single('[{run: "echo kept > f; exit 1"}, {store_artifacts: {path: f, destination: g}}]', {
      workDir,
    });
    expect(await readFile(join(job.artifacts ?? '', 'store_artifacts', 'g'), 'utf8')).toBe('kept\n');
    await rm(workDir, { recursive: true });
  });
});

describe('workflows', () => {
  const jobs = '  ok: {machine: true, steps: [{run: "true"}]}\n  bad: {machine: true, steps: [{run: "false"}]}';
  const statuses = async (workflow: string, options?: Partial<RunOptions>) =>
    (await run(jobs, workflow, options)).jobs.map(({ name, status }) => `${name} ${status}`);

  it('a job does not start when what it requires failed, and nor does what requires that', async () => {
    expect(await statuses('[bad, {ok: {requires: [bad]}}, {ok: {name: last, requires: [ok]}}]')).toEqual([
      'bad failed',
      'ok not_run',
      'last not_run',
    ]);
  });

  it('a job that requires a failure runs after one', async () => {
    expect(await statuses('[bad, {ok: {requires: [{bad: [failed]}]}}]')).toEqual(['bad failed', 'ok success']);
    expect(await statuses('[ok, {ok: {name: rescue, requires: [{ok: failed}]}}]')).toEqual([
      'ok success',
      'rescue not_run',
    ]);
  });

  it('jobs behind an approval wait for it', async () => {
    const workflow = '[{hold: {type: approval}}, {ok: {requires: [hold]}}]';
    expect(await statuses(workflow)).toEqual(['hold success', 'ok success']);
    expect(await statuses(workflow, { approve: () => false })).toEqual(['hold canceled', 'ok not_run']);
  });

  it('jobs that their filters keep out are not part of it, nor what requires them', async () => {
    expect(await statuses('[{ok: {filters: {branches: {only: x}}}}, {ok: {name: b, requires: [ok]}}, bad]')).toEqual([
      'bad failed',
    ]);
  });

  it('a push that starts several workflows needs one named', async () => {
    const config = expandConfig(`version: 2.1\njobs:\n${jobs}\nworkflows: {v: {jobs: [ok]}, w: {jobs: [bad]}}`);
    await expect(runWorkflow(config, { projectDir })).rejects.toThrow('v, w');
    expect((await runWorkflow(config, { projectDir, workflow: 'v' })).status).toBe('success');
  });
});
