import { spawnSync } from 'node:child_process';
import { type TestAPI, test } from 'vitest';

/** What a machine may lack, and how to find out. */
interface Tool {
  name: string;
  /** A command that exits 0 where the tool is usable. */
  probe: readonly [string, ...string[]];
  install: string;
}

/** `test`, or where the tool is missing a skipped test that says so; CI installs every tool and skips nothing. */
export function testWith({ name, probe: [command, ...args], install }: Tool): TestAPI {
  const { status } = spawnSync(command, args, { stdio: 'ignore', timeout: 20_000 });
  if (status === 0 || process.env.MIGRATE_DEPLOY_TEST_STRICT === '1') return test;
  process.stderr.write(`skipped: ${name} is not on this machine (${install})\n`);
  return test.skip as TestAPI;
}
