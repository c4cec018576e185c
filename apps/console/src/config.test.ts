import { expect, test } from 'vitest'
import { readConsoleConfig } from './config.ts'

const complete = {
  REDIS_URL: 'redis://localhost:6379',
  BOARD_USER: 'admin',
  BOARD_PASSWORD: 'a long password',
}

test('a login and a Redis are enough', () => {
  expect(readConsoleConfig(complete)).toMatchObject({
    BOARD_PORT: 3001,
    HOST: '0.0.0.0',
    login: { user: 'admin', password: 'a long password' },
    queue: { kind: 'redis' },
  })
})

test('without Redis the queue is in the database', () => {
  const env = { ...complete, REDIS_URL: '', DATABASE_URL: 'postgresql://localhost/app' }
  expect(readConsoleConfig(env).queue.kind).toBe('postgres')
})

test('all that is missing is named together, with the reason', () => {
  expect(() => readConsoleConfig({})).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: the configuration is not complete:
      BOARD_USER is not set. Example: BOARD_USER=admin
      BOARD_PASSWORD is not set. Example: BOARD_PASSWORD=<12 random characters or more>
      The board shows and changes production jobs: it never opens without a login, so BOARD_USER and BOARD_PASSWORD must both be set.
      REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379]
  `)
})

test('a queue that is missing alone is named', () => {
  expect(() => readConsoleConfig({ ...complete, REDIS_URL: '' })).toThrow(
    'REDIS_URL is not set, and no DATABASE_URL either',
  )
})

test('a short password is refused, and not shown', () => {
  expect(() => readConsoleConfig({ ...complete, BOARD_PASSWORD: 'hunter2' })).toThrow(
    /BOARD_PASSWORD must have 12 characters or more(?!.*hunter2)/s,
  )
})

test('a user with a colon could never log in', () => {
  expect(() => readConsoleConfig({ ...complete, BOARD_USER: 'a:b' })).toThrow(
    'BOARD_USER must not contain a colon',
  )
})
