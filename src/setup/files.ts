import { UserError } from '../errors.ts';
import type { Files } from '../ports.ts';
import type { Pipeline, ProjectFile } from './pipeline.ts';

/** The files of overrides that the config names; one that several environments share comes once. */
export function overridesFiles({ environments, command }: Pipeline): ProjectFile[] {
  const files = environments.flatMap(({ overridesFile, container }): ProjectFile[] => {
    if (overridesFile === undefined) return [];
    const overrides = { containerOverrides: [{ name: container, command: command.words }] };
    return [{ path: overridesFile, text: `${JSON.stringify(overrides, null, 2)}\n` }];
  });
  for (const { path, text } of files) {
    if (files.some((other) => other.path === path && other.text !== text)) {
      throw new UserError(`Two environments have different overrides and one file, ${path}.`, {
        code: 'Options',
        fix: 'Put {env} into --overrides.',
      });
    }
  }
  return files.filter(({ path }, index) => files.findIndex((other) => other.path === path) === index);
}

/** Refuses to replace files; those that hold the same text already are no reason. */
export async function checkNotThere(files: readonly ProjectFile[], disk: Files): Promise<void> {
  const there: string[] = [];
  for (const { path, text } of files) {
    const old = await disk.read(path);
    if (old !== undefined && old !== text) there.push(path);
  }
  if (there.length === 0) return;
  throw new UserError(
    `${there.join(' and ')} ${there.length === 1 ? 'is' : 'are'} there already; nothing was written.`,
    {
      code: 'Options',
      fix: 'Compare with what is printed without --write, then add --force to replace it.',
    },
  );
}
