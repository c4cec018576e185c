import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')

test.each([
  ['login', {}],
  ['password', { BOARD_USER: 'admin' }],
  ['user', { BOARD_PASSWORD: 'a long password' }],
])('the console does not start without a %s', async (_, given) => {
  const env = { PATH: process.env['PATH'], REDIS_URL: 'redis://127.0.0.1:1', ...given }
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const [problem, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  expect(code).toBe(1)
  expect(problem).toContain('console did not start')
  expect(problem).toMatch(/BOARD_(USER|PASSWORD) is not set/)
  expect(problem).toMatch(/never opens without a login, so BOARD_USER and BOARD_PASSWORD/)
  expect(problem).not.toContain('a long password')
})
