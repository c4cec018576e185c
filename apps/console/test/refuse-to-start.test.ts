import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { childEnvironment } from '@clerk-sync/testing'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')

const clerk = {
  CLERK_PUBLISHABLE_KEY: 'pk_test_Y2xlcmsuZXhhbXBsZS5jb20k',
  CLERK_SECRET_KEY: 'sk_test_a_long_secret',
  BOARD_URL: 'https://board.example.com',
}

test.each([
  ['without a login', {}, /never opens without a login/],
  ['without a password', { BOARD_USER: 'admin' }, /BOARD_PASSWORD is not set/],
  ['to every user of Clerk', clerk, /never to every user of the instance/],
  [
    'with two logins',
    { ...clerk, BOARD_PASSWORD: 'a long password' },
    /leave one of the two empty/,
  ],
])('the console does not start %s', async (_, given, reason) => {
  const env = childEnvironment({ REDIS_URL: 'redis://127.0.0.1:1', ...given })
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [problem, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(code).toBe(1)
  expect(problem).toContain('console did not start')
  expect(problem).toMatch(reason)
  expect(problem).not.toMatch(/a long password|a_long_secret/)
})
