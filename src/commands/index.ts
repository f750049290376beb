import type { AnyCommand } from './command.ts';

/** The commands in the order of --help; each one's code is loaded only when it is called. */
export const commands: readonly { name: string; describe: string; load: () => Promise<AnyCommand> }[] = [];
