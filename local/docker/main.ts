import { commands } from './commands.ts';
import { DockerError } from './docker-error.ts';

async function main([name = '', ...words]: string[]): Promise<number> {
  const command = commands[name];
  try {
    if (command === undefined) throw new DockerError(`docker: '${name}' is not a docker command.\nSee 'docker --help'`);
    await command(words);
    return 0;
  } catch (error) {
    if (!(error instanceof DockerError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
}

process.exitCode = await main(process.argv.slice(2));
