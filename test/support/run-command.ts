import { LocalAws } from '../../local/aws/local-aws.ts';
import { type CliDeps, runCli } from '../../src/cli.ts';
import { inProcess } from './in-process.ts';
import { memoryFiles } from './memory-files.ts';

/** A whole command line in this process, on a model, with files in memory. */
export async function runCommand(
  args: readonly string[],
  given: Partial<Omit<CliDeps, 'files'>> & {
    model?: LocalAws;
    files?: ReturnType<typeof memoryFiles>;
    accessKeyId?: string;
  } = {},
) {
  const { model = new LocalAws(), files = memoryFiles(), accessKeyId, ...deps } = given;
  const harness = await inProcess(model, accessKeyId === undefined ? {} : { accessKeyId });
  const printed = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof printed): CliDeps['stdout'] => ({
    isTty: false,
    write: (text) => {
      printed[name] += text;
    },
  });
  const exitCode = await runCli(args, {
    env: { NO_COLOR: '1' },
    clock: harness.clock,
    interrupt: harness.interrupt,
    files,
    http: () => Promise.reject(new Error('no http is expected here')),
    processes: { run: () => Promise.reject(new Error('no process is expected here')) },
    version: '0.0.0-test',
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    connect: async () => harness.aws,
    ...deps,
  });
  return { exitCode, ...printed, files: files.contents };
}
