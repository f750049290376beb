/** A rule of ours made wrong, to prove that the schedules would find it. */
export interface Plant {
  /** What is wrong, in words. */
  name: string;
  file: string;
  /** As the source says it. */
  rule: string;
  /** What stands in its place. */
  bug: string;
  among: 'migrations' | 'rollouts';
  /** Part of what the schedules say of it. */
  finding: RegExp;
}

export const plants: readonly Plant[] = [
  {
    name: 'exit code 0 is always green',
    file: 'src/task/verdict.ts',
    rule: 'if (exitCode !== 0) {',
    bug: 'if (exitCode === 0) return succeeded;\n  if (exitCode !== undefined) {',
    among: 'migrations',
    finding: /false green/,
  },
  {
    name: 'RunTask is sent again under another token',
    file: 'src/migrate/start.ts',
    rule: 'ecs.runTask({ ...request, clientToken })',
    bug: 'ecs.runTask({ ...request, clientToken: clientToken.slice(0, 40) + clock.now() })',
    among: 'migrations',
    finding: /two tasks of|it migrated 2 times|runs and is not named/,
  },
  {
    name: 'what AWS quotes is printed',
    file: 'src/aws/send.ts',
    rule: 'if (input !== undefined && thrown instanceof Error)',
    bug: 'if (input === null && thrown instanceof Error)',
    among: 'migrations',
    finding: /a secret value was printed/,
  },
  {
    name: 'PRIMARY means deployed',
    file: 'src/rollout/deployment-verdict.ts',
    rule: "if (mine.status === 'PRIMARY') return primaryVerdict(service, mine);",
    bug: "if (mine.status === 'PRIMARY') return { verdict: 'deployed' };",
    among: 'rollouts',
    finding: /false green/,
  },
  {
    name: 'a rollback is called superseded',
    file: 'src/rollout/service-deployment-verdict.ts',
    rule: "return rolledBack('in-progress');",
    bug: 'return superseded(newer, reason);',
    among: 'rollouts',
    finding: /not superseded/,
  },
  {
    name: 'failures are added up while a breaker is on',
    file: 'src/rollout/verdict.ts',
    rule: 'return hasBreaker(seen) ? undefined : threeInARow;',
    bug: 'return 1;',
    among: 'rollouts',
    finding: /red before the breaker spoke/,
  },
  {
    name: 'an update without an answer is sent again',
    file: 'src/rollout/update.ts',
    rule: "if (fresh.length === 0) return 'not-there';",
    bug: "if (fresh.length >= 0) return 'not-there';",
    among: 'rollouts',
    finding: /UpdateService was carried out \d times/,
  },
];
