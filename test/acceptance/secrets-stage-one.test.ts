import { expect, it } from 'vitest';
import { deployRole, type PipelineWorld, pipelineWorld } from './pipeline-world.ts';

/** Wherever the program could leave something: its output, records, docker's arguments, home and temporary folder. */
async function everywhere(world: PipelineWorld, outputs: string[]): Promise<Map<string, string>> {
  const places = await world.filesLeft();
  for (const [index, output] of outputs.entries()) places.set(`output ${index}`, output);
  return places;
}

it('no secret of the stages is left anywhere, at any verbosity', async () => {
  const world = await pipelineWorld();
  await world.program(
    'docker',
    `echo "$@" >> "$DOCKER_CALLS"
${world.folder}/stand-in/docker "$@"
code=$?
[ "$1" = login ] && grep -c '"auth"' "$DOCKER_CONFIG/config.json" >> ${world.folder}/passwords-docker-kept
exit $code`,
  );
  const token = await world.issuer.token();
  const webhook = world.slack.webhookUrl;
  const env = {
    AWS_ACCESS_KEY_ID: '',
    AWS_SECRET_ACCESS_KEY: '',
    CIRCLE_OIDC_TOKEN_V2: token,
    MIGRATE_DEPLOY_ROLE_ARN: deployRole,
    MIGRATE_DEPLOY_RECORD_DIR: world.recordDir,
    MIGRATE_DEPLOY_DEBUG: 'true',
  };
  const outputs: string[] = [];
  const run = async (args: string[], more: Record<string, string> = {}): Promise<number | undefined> => {
    const { exitCode, stdout, stderr } = await world.run(args, { env: { ...env, ...more } });
    outputs.push(stdout, stderr);
    return exitCode;
  };
  // In order: green, a push that fails, a login that fails, a role that is refused, Slack in every mood.
  expect(await run(['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v2', '--target', 'apps'])).toBe(0);
  world.model.identity.enforce(deployRole, {
    Statement: [{ Effect: 'Allow', Action: ['ecr:GetAuthorizationToken', 'ecr:Describe*'], Resource: '*' }],
  });
  expect(await run(['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v3', '--output', 'json'])).toBe(2);
  const stranger = await world.issuer.token({ projectId: 'stranger' });
  expect(
    await run(['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v4'], { CIRCLE_OIDC_TOKEN_V2: stranger }),
  ).toBe(2);
  const slack = { MIGRATE_DEPLOY_WEBHOOK: webhook };
  expect(await run(['notify-slack'], slack)).toBe(0);
  world.slack.faults.push({ kind: 'error', status: 404, body: 'no_service' }, { kind: 'reset' });
  expect(await run(['notify-slack', '--output', 'json'], slack)).toBe(0);
  expect(await run(['notify-slack'], slack)).toBe(0);
  expect(await run(['notify-slack', '--dry-run'], slack)).toBe(0);
  const bot = {
    SLACK_ACCESS_TOKEN: world.slack.botToken,
    SLACK_DEFAULT_CHANNEL: '#nope',
    MIGRATE_DEPLOY_SLACK_API_URL: world.slack.apiUrl,
  };
  expect(await run(['notify-slack'], bot)).toBe(0);

  const secrets: Record<string, string[]> = {
    'registry password': world.model.ecr.tokens.passwords(),
    'registry login': world.model.ecr.tokens
      .passwords()
      .map((password) => Buffer.from(`AWS:${password}`).toString('base64')),
    'OIDC token': [token, stranger],
    'session token': world.model.identity.access.sessionTokens(),
    'webhook address': [webhook, new URL(webhook).pathname],
    'bot token': [world.slack.botToken],
  };
  const places = await everywhere(world, outputs);
  for (const [kind, values] of Object.entries(secrets)) {
    expect(values.length, kind).toBeGreaterThan(0);
    for (const [place, text] of places) {
      for (const value of values) expect(text.includes(value), `the ${kind} is in ${place}`).toBe(false);
    }
  }
  // Docker did keep the password, as long as it was needed.
  expect(places.get('passwords-docker-kept')).toMatch(/^1$/m);
  // The search itself is alive: what may be there is found there.
  expect([...places.values()].some((text) => text.includes('--password-stdin'))).toBe(true);
  expect([...places.keys()].some((place) => place.includes('build-and-push-image.'))).toBe(true);
});

it('the registry’s password is gone also when a second signal does not let docker end', async () => {
  const world = await pipelineWorld();
  await world.program(
    'docker',
    `[ "$1" = buildx ] && exit 1
[ "$1" = login ] && exec ${world.folder}/stand-in/docker "$@"
ls -a "$DOCKER_CONFIG" > ${world.folder}/in-the-folder
trap 'echo not yet' TERM
while kill -0 $PPID 2>/dev/null; do echo busy; sleep 0.05; done`,
  );
  const { exitCode } = await world.run(['build-and-push-image', '--repository', 'hoge-stg', '--tag', 'v2'], {
    onLine: (line, kill) => {
      // Whoever asks for long enough is heard: what comes within a second of the first signal counts as its echo.
      if (line === 'busy') kill('SIGTERM');
    },
  });
  expect(exitCode).toBe(143);
  const places = await world.filesLeft();
  expect(places.get('in-the-folder')).toContain('config.json');
  expect([...places.keys()].filter((place) => place.startsWith('tmp/'))).toEqual([]);
});
