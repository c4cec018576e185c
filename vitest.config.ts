import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'pure',
          include: ['{apps,packages}/*/src/**/*.test.ts', 'deploy/src/**/*.test.ts'],
        },
      },
      {
        test: {
          name: 'real',
          include: ['{apps,packages}/*/test/**/*.test.ts', 'deploy/test/**/*.test.ts'],
          globalSetup: ['packages/testing/src/global-setup.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
})
