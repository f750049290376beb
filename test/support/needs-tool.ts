import { spawnSync } from 'node:child_process';

/** What a machine may lack, and how to find out. */
interface Tool {
  name: string;
  /** A command that exits 0 where the tool is usable. */
  probe: readonly [string, ...string[]];
  install: string;
}

/** Whether the tests that need this tool run here; where they do not, says why. CI has every tool and skips nothing. */
export function hasTool({ name, probe: [command, ...args], install }: Tool): boolean {
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 });
  if (status === 0 || process.env.MIGRATE_DEPLOY_TEST_STRICT === '1') return true;
  process.stderr.write(`skipped: ${name} is not on this machine (${install})\n`);
  return false;
}
