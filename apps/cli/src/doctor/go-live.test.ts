import { readFileSync } from 'node:fs'
import { createDatabase } from '@clerk-sync/db'
import { expect, test } from 'vitest'
import { buildChecks } from './build-checks.ts'
import { createQuote } from './wording.ts'

const page = readFileSync(new URL('../../../../docs/go-live.md', import.meta.url), 'utf8')

// Building checks connects to nothing.
function namesOf(env: NodeJS.ProcessEnv): string[] {
  const checks = buildChecks({
    env: { DATABASE_URL: 'postgresql://127.0.0.1/app', CLERK_SECRET_KEY: 'sk_test_key', ...env },
    openDatabase: (url) => createDatabase({ url, maxConnections: 1 }),
    endpoint: 'https://example.com/api/webhooks/clerk',
    quote: createQuote({}),
  })
  return checks.map(({ name }) => name)
}

test('docs/go-live.md lists each check of doctor, in the order of the report', () => {
  const listed = [...page.matchAll(/^\| `([^`]+)` +\|/gm)].map(([, name]) => name)
  expect(listed).toEqual(namesOf({ REDIS_URL: 'redis://127.0.0.1' }))
  expect(listed).toEqual(expect.arrayContaining(namesOf({})))
})
