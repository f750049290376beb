import { hasCode } from '../errors.ts';
import type { Clock, EcsPort, Interrupt } from '../ports.ts';

/** Two jobs may register revisions of one family at the same moment. */
const concurrent = /Too many concurrent attempts to create a new revision/;
const attempts = 6;

/** Registers a task definition and answers its ARN; waits for others that register in the same family. */
export async function registerRevision(
  document: object,
  { ecs, clock, interrupt }: { ecs: EcsPort; clock: Clock; interrupt: Interrupt },
): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { taskDefinitionArn = '' } = await ecs.registerTaskDefinition({ ...document });
      return taskDefinitionArn;
    } catch (error) {
      const mayRepeat = hasCode(error, 'ClientException') && concurrent.test(error.why ?? '') && attempt < attempts;
      if (!mayRepeat || interrupt.signal.aborted) throw error;
      await clock.sleep(1_000 * 2 ** (attempt - 1), interrupt.signal);
    }
  }
}
