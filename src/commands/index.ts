import type { AnyCommand } from './command.ts';

/** The commands in the order of --help; each one's code is loaded only when it is called. */
export const commands: readonly { name: string; describe: string; load: () => Promise<AnyCommand> }[] = [
  {
    name: 'build-and-push-image',
    describe: 'Builds an image with Docker, pushes it to Amazon ECR and reads its digest back.',
    load: async () => (await import('./build-and-push-image.ts')).buildAndPushImageCommand,
  },
];
