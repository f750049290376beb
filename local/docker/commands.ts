import { text } from 'node:stream/consumers';
import { flagsOf, hostOf, pairs } from './arguments.ts';
import { build } from './build.ts';
import { changeAuths, readAuths } from './credentials.ts';
import { DockerError } from './docker-error.ts';
import { checkLogin, push } from './registry-client.ts';
import { openStore, tagged } from './store.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const store = openStore(process.env);

type Command = (words: string[]) => Promise<void>;

/** What the stand-in can do, by docker's own names. */
export const commands: Record<string, Command> = {
  async version(words) {
    const { values } = flagsOf(words, { format: { type: 'string', short: 'f' } });
    const version = 'stand-in';
    if (values.format === undefined)
      say(`Client:\n Version: ${version}\nServer: the stand-in docker of migrate-deploy\n Version: ${version}`);
    else say(values.format.replaceAll(/\{\{\s*\.(?:Server|Client)\.Version\s*\}\}/g, version));
  },

  async login(words) {
    const { values, positionals } = flagsOf(words, {
      username: { type: 'string', short: 'u' },
      'password-stdin': { type: 'boolean' },
    });
    const host = hostOf(positionals[0]);
    if (values.username === undefined) throw new DockerError('Must provide --username with --password-stdin');
    if (values['password-stdin'] !== true)
      throw new DockerError('Error: Cannot perform an interactive login from a non TTY device');
    const password = (await text(process.stdin)).trimEnd();
    const authorization = Buffer.from(`${values.username}:${password}`).toString('base64');
    await checkLogin(host, authorization);
    await changeAuths((auths) => ({ ...auths, [host]: { auth: authorization } }));
    say('Login Succeeded');
  },

  async logout(words) {
    const host = hostOf(flagsOf(words, {}).positionals[0]);
    await changeAuths(({ [host]: _, ...others }) => others);
    say(`Removing login credentials for ${host}`);
  },

  async build(words) {
    const { values, positionals } = flagsOf(words, {
      tag: { type: 'string', short: 't', multiple: true },
      file: { type: 'string', short: 'f' },
      target: { type: 'string' },
      'build-arg': { type: 'string', multiple: true },
      label: { type: 'string', multiple: true },
      'no-cache': { type: 'boolean' },
      quiet: { type: 'boolean', short: 'q' },
      // The stand-in builds for this machine, from its own cache: these change nothing that it does.
      platform: { type: 'string' },
      'cache-from': { type: 'string', multiple: true },
      pull: { type: 'boolean' },
      'force-rm': { type: 'boolean' },
      rm: { type: 'boolean' },
    });
    const [contextPath, ...others] = positionals;
    if (contextPath === undefined || others.length > 0)
      throw new DockerError('"docker build" requires exactly 1 argument.');
    say('The stand-in docker builds this image: no Docker engine answers on this machine.');
    await build(
      {
        contextPath,
        dockerfilePath: values.file,
        target: values.target,
        tags: (values.tag ?? []).map(tagged),
        buildArguments: pairs(values['build-arg'] ?? []),
        labels: pairs(values.label ?? []),
        useCache: values['no-cache'] !== true,
      },
      { store, environment: process.env, say: values.quiet === true ? () => {} : say },
    );
  },

  async tag(words) {
    const [source, target] = flagsOf(words, {}).positionals;
    if (source === undefined || target === undefined)
      throw new DockerError('"docker tag" requires exactly 2 arguments.');
    await store.tag(target, (await store.find(source)).id);
  },

  async push(words) {
    const { positionals } = flagsOf(words, { quiet: { type: 'boolean', short: 'q' } });
    const reference = tagged(positionals[0] ?? '');
    const image = await store.find(reference).catch(() => {
      throw new DockerError(`An image does not exist locally with the tag: ${reference.replace(/:[^/]*$/, '')}`);
    });
    const authorizationOf = async (host: string) => (await readAuths())[host]?.auth;
    const digest = await push(reference, image, { store, authorizationOf, say });
    const repoDigest = `${reference.replace(/:[^/]*$/, '')}@${digest}`;
    await store.saveImage({ ...image, repoDigests: [...new Set([...image.repoDigests, repoDigest])] });
  },

  async inspect(words) {
    const { positionals, values } = flagsOf(words, {
      format: { type: 'string', short: 'f' },
      type: { type: 'string' },
    });
    const image = await store.find(positionals[0] ?? '');
    const config: unknown = JSON.parse((await store.readBlob(image.id)).toString());
    const shown = { Id: image.id, RepoDigests: image.repoDigests, ...(config as object) };
    if (values.format === undefined) say(JSON.stringify([shown], null, 4));
    else if (/\{\{\s*\.Id\s*\}\}/.test(values.format)) say(image.id);
    else if (/RepoDigests/.test(values.format))
      say(values.format.includes('json') ? JSON.stringify(image.repoDigests) : image.repoDigests.join('\n'));
    else throw new DockerError(`the stand-in docker cannot render the template ${values.format}`);
  },

  async image([word = '', ...words]) {
    if (word !== 'inspect') throw new DockerError(`the stand-in docker does not know "image ${word}"`);
    await commands.inspect?.(words);
  },
};
