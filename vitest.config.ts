import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    // Most of the time the tests wait for servers: two at once also where there are two cores.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'pure',
          include: [
            '{apps,packages}/*/src/**/*.test.ts',
            'deploy/src/**/*.test.ts',
            'docs/generators/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          name: 'real',
          include: [
            '{apps,packages}/*/test/**/*.test.ts',
            'deploy/test/**/*.test.ts',
            'bench/test/**/*.test.ts',
            'test/**/*.test.ts',
          ],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
