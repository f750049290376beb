import type { Files } from '../ports.ts';

/**
 * Lends a Docker configuration that knows everything the user's own one does, except how to sign in to `host`.
 * What `docker login` writes into it is gone afterwards, whatever happens in between.
 */
export async function withDockerConfig<T>(
  host: string,
  deps: { files: Files; env: Readonly<Record<string, string | undefined>> },
  use: (folder: string) => Promise<T>,
): Promise<T> {
  const { files, env } = deps;
  const own = (env.DOCKER_CONFIG ?? '') === '' ? `${env.HOME ?? ''}/.docker` : env.DOCKER_CONFIG;
  const config = configOf(await files.read(`${own}/config.json`));
  // A credential helper for this very host would take the password out of the folder into its own keeping.
  const { [host]: _helper, ...credHelpers } = (config.credHelpers ?? {}) as Record<string, unknown>;
  const links = Object.fromEntries(['cli-plugins', 'contexts', 'buildx'].map((name) => [name, `${own}/${name}`]));
  return files.inPrivateFolder(links, async (folder) => {
    await files.write(`${folder}/config.json`, JSON.stringify({ ...config, credHelpers }));
    return use(folder);
  });
}

function configOf(text: string | undefined): Record<string, unknown> {
  try {
    const config: unknown = JSON.parse(text ?? '{}');
    return typeof config === 'object' && config !== null ? { ...config } : {};
  } catch {
    // Docker itself will complain about its own file, better than we can.
    return {};
  }
}
