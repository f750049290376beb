import { type ParseArgsConfig, parseArgs } from 'node:util';
import { DockerError } from './docker-error.ts';

/** A command's flags and words; an unknown flag is an error, as docker words it. */
export function flagsOf<T extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: T) {
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    const flag = /'(-[^' ]+)/.exec(error instanceof Error ? error.message : '')?.[1];
    throw new DockerError(`unknown flag: ${flag ?? args.join(' ')}`, 125);
  }
}

/** `NAME=VALUE` pairs; a bare NAME takes its value from the environment. */
export function pairs(list: string[]): Record<string, string> {
  return Object.fromEntries(
    list.map((pair) => {
      const [name = '', value] = pair.split(/=(.*)/s);
      return [name, value ?? process.env[name] ?? ''];
    }),
  );
}

/** The host and port of a registry's address. */
export function hostOf(address: string | undefined): string {
  if (address === undefined) throw new DockerError('the stand-in docker needs the registry to log in to');
  return address.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
