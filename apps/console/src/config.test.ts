import { describe, expect, test } from 'vitest'
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
    login: { kind: 'password', user: 'admin', password: 'a long password' },
    showData: false,
    queue: { kind: 'redis' },
  })
})

test('without Redis the queue is in the database', () => {
  const env = { ...complete, REDIS_URL: '', DATABASE_URL: 'postgresql://localhost/app' }
  expect(readConsoleConfig(env).queue.kind).toBe('postgres')
})

test('all that is missing is named together, with the reason', () => {
  expect(() => readConsoleConfig({})).toThrowErrorMatchingInlineSnapshot(`
    [ConfigError: settings are missing:
      The board shows and changes production jobs: it never opens without a login. Set BOARD_USER and BOARD_PASSWORD, or let people log in with Clerk: CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY, BOARD_URL, and BOARD_CLERK_USERS or BOARD_CLERK_ORGANIZATION with BOARD_CLERK_ROLES.
      REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379]
  `)
})

test('half a login is none', () => {
  const env = { ...complete, BOARD_PASSWORD: '' }
  expect(() => readConsoleConfig(env)).toThrow(
    /BOARD_PASSWORD is not set\. Example: .*\n.*never opens without a login, so BOARD_USER and BOARD_PASSWORD must both be set/,
  )
})

describe('a login with Clerk', () => {
  const clerk = {
    REDIS_URL: complete.REDIS_URL,
    CLERK_PUBLISHABLE_KEY: 'pk_test_Y2xlcmsuZXhhbXBsZS5jb20k',
    CLERK_SECRET_KEY: 'sk_test_abc',
    BOARD_URL: 'https://board.example.com',
    BOARD_CLERK_USERS: 'user_1, user_2',
  }

  test('needs its keys, its own URL and who may', () => {
    expect(readConsoleConfig(clerk).login).toMatchObject({
      kind: 'clerk',
      url: 'https://board.example.com',
      apiUrl: 'https://api.clerk.com',
      allowed: { users: ['user_1', 'user_2'], organization: undefined, roles: [] },
    })
  })

  test('lets in by a role of one organization', () => {
    const roles = { BOARD_CLERK_ORGANIZATION: 'org_1', BOARD_CLERK_ROLES: 'org:admin,org:operator' }
    expect(readConsoleConfig({ ...clerk, BOARD_CLERK_USERS: '', ...roles }).login).toMatchObject({
      allowed: { users: [], organization: 'org_1', roles: ['org:admin', 'org:operator'] },
    })
  })

  test('takes the public key with escaped line breaks, too', () => {
    const CLERK_JWT_KEY = String.raw`-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----`
    const jwtKey = '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----'
    expect(readConsoleConfig({ ...clerk, CLERK_JWT_KEY }).login).toMatchObject({ jwtKey })
  })

  test.each([
    ['nobody who may', { BOARD_CLERK_USERS: '' }, /never to every user of the instance/],
    ['an empty list', { BOARD_CLERK_USERS: ' , ' }, /BOARD_CLERK_USERS must be ids of users/],
    ['a role of any organization', { BOARD_CLERK_ROLES: 'org:admin' }, /go together: anyone may/],
    ['any role', { BOARD_CLERK_ORGANIZATION: 'org_1' }, /go together/],
    ['no URL of its own', { BOARD_URL: '' }, /BOARD_URL is not set/],
    ['no secret key', { CLERK_SECRET_KEY: '' }, /CLERK_SECRET_KEY is not set/],
    ['no publishable key', { CLERK_PUBLISHABLE_KEY: '' }, /CLERK_PUBLISHABLE_KEY is not set/],
    ['a password as well', { BOARD_PASSWORD: 'a long password' }, /leave one of the two empty/],
    ['the address of somebody', { BOARD_CLERK_USERS: 'ada@example.com' }, /(?!.*ada)user_…/],
  ])('does not start with %s', (_, change, problem) => {
    expect(() => readConsoleConfig({ ...clerk, ...change })).toThrow(problem)
  })

  test("is not asked for by Clerk's keys alone, which an application has, too", () => {
    const { CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY } = clerk
    const env = { ...complete, CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY }
    expect(readConsoleConfig(env).login.kind).toBe('password')
  })
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

test.each(['changeme-changeme', 'Operator-2026!', '<12 random characters or more>'])(
  'the password %s is refused with the cure, and not shown',
  (BOARD_PASSWORD) => {
    const read = () => readConsoleConfig({ ...complete, BOARD_USER: 'operator', BOARD_PASSWORD })
    expect(read).toThrow(
      'BOARD_PASSWORD is one of those that are guessed first. Generate one: openssl rand -hex 16',
    )
    expect(read).not.toThrow(BOARD_PASSWORD)
  },
)

test('a user with a colon could never log in', () => {
  expect(() => readConsoleConfig({ ...complete, BOARD_USER: 'a:b' })).toThrow(
    'BOARD_USER must not contain a colon',
  )
})
