import { defineConfig } from 'vitest/config';

/** The tables of the rules that `npm run mutate` flips, and nothing slower. */
export default defineConfig({
  test: {
    include: [
      'test/{task,rollout}/verdict.test.ts',
      'test/rollout/policy.test.ts',
      'test/outcome.test.ts',
      'test/notify/marker-status.test.ts',
      'test/report/{line,command,outputs}.test.ts',
      'test/migrate/identity.test.ts',
    ],
  },
});
