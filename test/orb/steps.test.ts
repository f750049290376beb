import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWorkflow } from '../../local/circleci/runner.ts';
import type { YamlMap } from '../../local/circleci/yaml.ts';
import { hasTool } from '../support/needs-tool.ts';
import { createWorkbench, orbFiles, root } from './support.ts';

let bench: Awaited<ReturnType<typeof createWorkbench>>;
beforeAll(async () => {
  bench = await createWorkbench();
});
afterAll(() => bench.close());

const migrate = (given: YamlMap = {}): YamlMap => ({
  'migrate-deploy/run_migration_task': { cluster: 'c', task_definition: 't', ...given },
});

describe('parameters arrive as plain text', () => {
  const hostile: [rule: string, value: string][] = [
    ['command substitution', '$(touch pwned)`touch pwned`'],
    ['a quote that ends the word', `'; touch pwned; echo '"; touch pwned; "`],
    ['newlines and tabs', 'one\ntwo\n\tthree\n'],
    ['unicode', 'デプロイが完了しました 🚀'],
    ['backslashes', 'a\\nb\\\\c\\'],
    ['variables stay for the program to replace', '$HOME ${PATH} $$ $(( 1 + 1 ))'],
    ['what looks like an option', '--debug -e'],
    ['globs and spaces', '  * ?  [a-z]  '],
    ['history and comments', '!! # not a comment'],
    ['an escaped template', '\\<< parameters.cluster >>'],
  ];
  it.each(hostile)('%s', async (_rule, value) => {
    const check: YamlMap = { run: { name: 'look', command: 'test ! -e pwned && ls -A' } };
    const { result, calls } = await bench.run(bench.steps(migrate({ command: value }), check));
    expect(result.status).toBe('success');
    expect(result.jobs[0]?.steps.at(-1)?.output).not.toContain('pwned');
    expect(calls[0]?.env.MIGRATE_DEPLOY_COMMAND).toBe(value.replace('\\<<', '<<'));
    expect(calls[0]?.argv).toEqual(['run-migration-task']);
  });

  it('every parameter of every command reaches the program under the name of its option', async () => {
    for (const { name, body } of (await orbFiles('commands')).filter((file) => file.name !== 'install')) {
      const own = ['when', 'install', 'cli_path', 'no_output_timeout', 'step_name', 'binfmt_version'];
      const texts = Object.entries(body.parameters as Record<string, YamlMap>).filter(
        ([parameter, { type }]) => type === 'string' && !own.includes(parameter) && parameter !== 'cluster_name',
      );
      const action: Record<string, string> = { 'continue-deployment': 'continue', 'deploy-marker': 'plan' };
      const chosen = action[name.replaceAll('_', '-')];
      const given = {
        ...Object.fromEntries(texts.map(([parameter]) => [parameter, `value of ${parameter}`])),
        ...(chosen && { action: chosen }),
      };
      const { all } = await bench.run(bench.steps({ [`migrate-deploy/${name}`]: given }));
      const values = Object.values(all[0]?.env ?? {});
      expect(
        texts.filter(([parameter]) => !values.includes(`value of ${parameter}`)).map(([parameter]) => parameter),
      ).toEqual([]);
    }
  });
});

describe('the program in the orb', () => {
  it('is unpacked once, for this user alone', async () => {
    const look: YamlMap = {
      run: { name: 'look', command: 'stat -c "%a %F" "$TMPDIR"/migrate-deploy-* "$TMPDIR"/migrate-deploy-*/*' },
    };
    const { result, calls } = await bench.run(bench.steps(migrate(), migrate(), look));
    const output = result.jobs[0]?.steps.map((step) => step.output) ?? [];
    expect(output[0]).toMatch(/^migrate-deploy \S+ is ready: .*\/\S+-[0-9a-f]{64}\.cjs\n$/);
    expect(output[2]).toMatch(/^migrate-deploy is there already/);
    expect(output.at(-1)).toBe('700 directory\n600 regular file\n');
    expect(calls).toHaveLength(2);
    expect(Object.keys(calls[0]?.env ?? {}).filter((name) => name.startsWith('ORB_PART'))).toEqual([]);
  });

  it('is replaced when somebody changed it', async () => {
    const spoil: YamlMap = {
      run: { name: 'spoil', command: 'echo "process.exit(9)" > "$TMPDIR"/migrate-deploy-*/*.cjs' },
    };
    const { result, calls } = await bench.run(bench.steps(migrate(), spoil, migrate()));
    expect(result.status).toBe('success');
    expect(calls).toHaveLength(2);
  });

  it('is not run when the parts in the orb are damaged', async () => {
    const config = bench.expand(bench.steps('migrate-deploy/install'));
    const install = config.workflows[0]?.jobs[0]?.job?.steps[0];
    const environment = install?.body.environment as Record<string, string>;
    environment.ORB_PART_1 = (environment.ORB_PART_1 ?? '').replaceAll(/[a-f]/g, 'x');
    const result = await runWorkflow(config, { projectDir: bench.projectDir });
    expect(result.jobs[0]?.steps[0]).toMatchObject({ status: 'failed', exitCode: 2 });
    expect(result.jobs[0]?.steps[0]?.output).toContain('Error: The program in the orb is damaged.');
  });

  it('is not put into a folder that is a link', async () => {
    const trap: YamlMap = {
      run: { name: 'trap', command: 'mkdir "$TMPDIR/other"; ln -s other "$TMPDIR/migrate-deploy-$(id -u)"' },
    };
    const { result, calls } = await bench.run(bench.steps(trap, migrate()));
    expect(result.jobs[0]?.steps[1]).toMatchObject({ status: 'failed', exitCode: 2 });
    expect(result.jobs[0]?.steps[1]?.output).toContain('cannot be trusted');
    expect(calls).toEqual([]);
  });

  it('without Node, or with an old one, says which image to use', async () => {
    // The real Node, told to be an older one.
    const old = join(bench.folder, 'old-node.cjs');
    await writeFile(
      old,
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.18.3' } });\nObject.defineProperty(process, 'version', { value: 'v20.18.3' });",
    );
    const { result } = await bench.run(bench.steps('migrate-deploy/install'), {
      env: { NODE_OPTIONS: `--require ${old}` },
    });
    expect(result.jobs[0]?.steps[0]).toMatchObject({ exitCode: 2 });
    expect(result.jobs[0]?.steps[0]?.output).toContain('Why: It is v20.18.3; 20.19 or newer is needed.');

    const none = join(bench.folder, 'no-node');
    await mkdir(none);
    for (const tool of ['bash', 'id', 'mkdir', 'chmod']) await symlink(`/bin/${tool}`, join(none, tool));
    const hide: YamlMap = { run: { name: 'hide', command: `echo 'export PATH=${none}' >> "$BASH_ENV"` } };
    const missing = await bench.run(bench.steps(hide, 'migrate-deploy/install'));
    expect(missing.result.jobs[0]?.steps[1]?.output).toContain('Error: There is no Node.js in this job.');
    expect(missing.result.jobs[0]?.steps[1]?.output).toContain('cimg/node:lts');
  });

  it('with install: false needs the install command before it', async () => {
    const { result } = await bench.run(bench.steps(migrate({ install: false })));
    expect(result.jobs[0]?.steps[0]).toMatchObject({ exitCode: 2 });
    expect(result.jobs[0]?.steps[0]?.output).toContain('Fix: Call the install command of the orb before this step');
    const { calls } = await bench.run(bench.steps('migrate-deploy/install', migrate({ install: false })));
    expect(calls).toHaveLength(1);
  });

  it('is there for the message about a failure that came before', async () => {
    const broken: YamlMap = { run: { name: 'broken', command: 'exit 1' } };
    const { calls } = await bench.run(bench.steps(broken, 'migrate-deploy/notify_slack'));
    expect(calls.map(({ argv, env }) => [argv[0], env.MIGRATE_DEPLOY_STATUS])).toEqual([['notify-slack', 'fail']]);
  });

  it('its exit code is the step’s', async () => {
    const { result } = await bench.run(bench.steps(migrate()), { env: { EXIT_CODES: '{"run-migration-task": 4}' } });
    expect(result.jobs[0]?.steps[1]).toMatchObject({ status: 'failed', exitCode: 4 });
  });

  it('takes the place of the shell, so that it gets the signals itself', async () => {
    const config = bench.steps(migrate({ cli_path: './wait.mjs' }));
    await writeFile(
      join(bench.projectDir, 'wait.mjs'),
      "process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(143); });\nsetInterval(() => {}, 1000);\nprocess.kill(process.pid, 'SIGTERM');\nconsole.log('parent ' + process.ppid);",
    );
    const job = (config.jobs as Record<string, { steps: unknown[] }>).job!;
    job.steps.unshift('checkout');
    const { result } = await bench.run(config);
    expect(result.jobs[0]?.steps[1]).toMatchObject({ exitCode: 143 });
    // The parent of the program is whoever started the shell: there is no shell between them.
    expect(result.jobs[0]?.steps[1]?.output).toContain(`parent ${process.pid}\nasked to stop`);
  });
});

describe('cli_path', () => {
  it('runs a file, a name on the PATH or a shim, also below $HOME, and embeds no program', async () => {
    const bin = join(bench.folder, 'bin');
    await mkdir(bin, { recursive: true });
    // As pnpm writes it: a script of the shell under a name without an ending.
    const shim = `#!/bin/sh\nexec node ${bench.program} "$@"\n`;
    await writeFile(join(bin, 'my-migrate-deploy'), shim, { mode: 0o755 });
    await writeFile(join(bench.projectDir, 'shim'), shim, { mode: 0o755 });
    const ways = [bench.program, 'my-migrate-deploy', join(bin, 'my-migrate-deploy')];
    for (const path of [...ways, '$HOME/project/shim', '${HOME}/project/shim', '~/project/shim', './shim']) {
      const config = bench.steps('checkout', migrate({ cli_path: path }));
      expect(bench.expand(config).compiled).not.toContain('ORB_PART');
      const { calls } = await bench.run(config, { path: [bin] });
      expect([path, calls.map(({ argv, file }) => [argv, file])]).toEqual([
        path,
        [[['run-migration-task'], bench.program]],
      ]);
    }
  });

  it('of another version than the orb is warned about', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    const warning = `Warning: cli_path is version 0.9.0 of migrate-deploy, and this orb is made for ${version}`;
    for (const [has, warned] of [
      ['0.9.0', true],
      [version, false],
    ] as const) {
      const { result } = await bench.run(bench.steps(migrate({ cli_path: bench.program })), {
        mask: false,
        env: { RECORDER_VERSION: has },
      });
      expect(result.jobs[0]?.steps[0]?.output.includes(warning)).toBe(warned);
    }
  });

  it('that leads nowhere is said', async () => {
    const { result } = await bench.run(bench.steps(migrate({ cli_path: 'no/such/file' })));
    expect(result.jobs[0]?.steps[0]?.output).toContain('Error: cli_path leads nowhere: no/such/file');
    expect(result.jobs[0]?.steps[0]).toMatchObject({ exitCode: 2 });
  });

  it('unpacking leaves nothing in the project or the home folder', async () => {
    const look: YamlMap = { run: { name: 'look', command: 'ls -A . "$HOME"' } };
    const { result } = await bench.run(bench.steps('migrate-deploy/install', look));
    expect(result.jobs[0]?.steps.at(-1)?.output).not.toMatch(/migrate-deploy/);
  });
});

describe('the shells of other images', () => {
  const shells: readonly [image: string, shell: string, tool: Parameters<typeof hasTool>[0] | undefined][] = [
    ['cimg', '/bin/bash -eo pipefail', undefined],
    ['Debian', '/bin/dash -e', { name: 'dash', probe: ['dash', '-c', 'true'], install: 'apt-get install dash' }],
    [
      'Alpine',
      'busybox sh -eo pipefail',
      { name: 'busybox', probe: ['busybox', 'true'], install: 'apt-get install busybox-static' },
    ],
  ];
  for (const [image, shell, tool] of shells) {
    it.skipIf(tool !== undefined && !hasTool(tool))(`${image}: every step runs in ${shell}`, async () => {
      const config = bench.steps(
        'migrate-deploy/install',
        migrate({ install: false }),
        migrate({ cli_path: bench.program }),
        'migrate-deploy/notify_slack',
      );
      Object.assign((config.jobs as Record<string, YamlMap>).job ?? {}, { shell });
      const { result, calls } = await bench.run(config, { path: (process.env.PATH ?? '').split(':') });
      expect(result.status, result.jobs[0]?.steps.map(({ output }) => output).join('')).toBe('success');
      expect(calls.map(({ argv }) => argv[0])).toEqual(['run-migration-task', 'run-migration-task', 'notify-slack']);
    });
  }
});

describe('an image for several platforms', () => {
  const build = (given: YamlMap): YamlMap => ({ 'migrate-deploy/build_and_push_image': { repo: 'r', ...given } });
  const look: YamlMap = { run: { name: 'look', command: 'echo "builder $BUILDX_BUILDER"; cat "$HOME/docker"' } };

  it('gets the emulators and a builder of its own before it is built', async () => {
    const bin = join(bench.folder, 'docker-bin');
    await mkdir(bin, { recursive: true });
    await writeFile(join(bin, 'docker'), '#!/bin/sh\necho "$@" >>"$HOME/docker"\n', { mode: 0o755 });
    const { result, calls } = await bench.run(bench.steps(build({ platform: 'linux/amd64,linux/arm64' }), look), {
      path: [bin],
    });
    const [builder = '', ...docker] = (result.jobs[0]?.steps.at(-1)?.output ?? '').trim().split('\n');
    const name = builder.replace('builder ', '');
    expect(docker).toEqual([
      'run --privileged --rm tonistiigi/binfmt:qemu-v9.2.2 --install all',
      `context create ${name}`,
      `buildx create --name ${name} --driver docker-container --bootstrap ${name}`,
    ]);
    expect(calls.map(({ argv }) => argv)).toEqual([['build-and-push-image']]);
  });

  it('one platform needs none of it', () => {
    const { workflows } = bench.expand(bench.steps(build({ platform: 'linux/arm64' })));
    const names = workflows[0]?.jobs[0]?.job?.steps.map(({ body }) => body.name);
    expect(names).toEqual(['Install migrate-deploy', 'Build and push the image']);
  });
});
