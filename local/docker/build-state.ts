import type { BuildDeps, BuildOptions } from './build.ts';
import type { Source } from './context.ts';
import type { Snapshot } from './layers.ts';
import type { ImageConfig } from './store.ts';

/** A stage under construction: its root file system and the image that it has become so far. */
export interface BuildState {
  name: string | undefined;
  root: string;
  image: ImageConfig;
  layers: string[];
  snapshot: Snapshot;
  /** ARG values that are in scope. */
  arguments: Record<string, string>;
  globals: Record<string, string>;
  context: Source;
  done: BuildState[];
  options: BuildOptions;
  deps: BuildDeps;
}

/** Always the same moment, so that the same files give the same image id. */
export const CREATED = '1970-01-01T00:00:00Z';

/** The environment that the image's configuration gives. */
export function environmentOf({ image }: BuildState): Record<string, string> {
  return Object.fromEntries(image.config.Env.map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]));
}
