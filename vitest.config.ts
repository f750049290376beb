import { defineConfig } from 'vitest/config';

const jsonOutput = process.env.VITEST_JSON_OUTPUT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'local/**/*.test.ts'],
    // The SDK announces the end of Node 20 into every worker's output.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...(jsonOutput === undefined
      ? {}
      : {
          reporters: ['default', ['json', { outputFile: jsonOutput }]] as ['default', ['json', { outputFile: string }]],
        }),
  },
});
