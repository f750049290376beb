import { defineConfig } from 'vitest/config';

const jsonOutput = process.env.VITEST_JSON_OUTPUT;
// The SDK announces the end of Node 20 into every worker's output.
const env = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
/** Acceptance tests that run the packed orb, several programs, or commands that the orb's does not have; all others run on both. */
const onOneProgram = ['day-two-pipelines', 'iam-policy', 'node-versions', 'orb-*', 'setup-commands'];

export default defineConfig({
  test: {
    // Most tests wait for programs that they started: as many at a time as there are processors.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...(jsonOutput === undefined
      ? {}
      : {
          reporters: ['default', ['json', { outputFile: jsonOutput }]] as ['default', ['json', { outputFile: string }]],
        }),
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts', 'local/**/*.test.ts'], env } },
      {
        extends: true,
        test: {
          name: 'orb',
          include: ['test/acceptance/**/*.test.ts'],
          exclude: onOneProgram.map((name) => `test/acceptance/${name}.test.ts`),
          env: { ...env, MIGRATE_DEPLOY_TEST_BUNDLE: 'orb' },
        },
      },
    ],
  },
});
