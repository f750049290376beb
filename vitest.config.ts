import { defineConfig } from 'vitest/config';

const jsonOutput = process.env.VITEST_JSON_OUTPUT;

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    ...(jsonOutput === undefined
      ? {}
      : {
          reporters: ['default', ['json', { outputFile: jsonOutput }]] as ['default', ['json', { outputFile: string }]],
        }),
  },
});
