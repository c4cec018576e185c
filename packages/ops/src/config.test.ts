import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import {
  ConfigError,
  count,
  days,
  flag,
  hasProtocol,
  host,
  milliseconds,
  mistakenNameOf,
  oneOf,
  optionalPostgresUrl,
  port,
  postgresUrl,
  readConfig,
  readTogether,
  variable,
} from './config.ts'
import { processVariables } from './process/run-process.ts'

const isRedis = hasProtocol('redis:', 'rediss:')

const variables = {
  ...processVariables,
  PORT: port(3000),
  HOST: host,
  DATABASE_URL: postgresUrl,
  REDIS_URL: variable(
    z.string().refine(isRedis, 'must be a redis:// or rediss:// URL').optional(),
    'redis://localhost:6379',
  ),
  BATCH_SIZE: count(100, 1_000),
  WAIT_MS: milliseconds(5),
  KEEP_DAYS: days(30, { min: 7, max: 365, why: 'a week is the least' }),
  VERBOSE: flag(false),
  POLICY: oneOf(['erase', 'retain'], 'retain'),
  TOKEN: variable(z.string().regex(/^tok_/, 'must begin with tok_'), 'tok_123'),
}
const required = { DATABASE_URL: 'postgresql://localhost/app', TOKEN: 'tok_1' }

function problemOf(env: NodeJS.ProcessEnv): string {
  try {
    readConfig(variables, env)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('there is no problem')
}

describe('settings', () => {
  test('have their defaults when the environment is empty', () => {
    expect(readConfig(variables, required)).toStrictEqual({
      OPS_PORT: 9464,
      LOG_LEVEL: 'info',
      SHUTDOWN_TIMEOUT_MS: 10_000,
      PORT: 3000,
      HOST: '0.0.0.0',
      REDIS_URL: undefined,
      BATCH_SIZE: 100,
      WAIT_MS: 5,
      KEEP_DAYS: 30,
      VERBOSE: false,
      POLICY: 'retain',
      ...required,
    })
  })

  test('are unset by an empty string, as in a line of .env without a value', () => {
    const names = Object.keys(variables)
    const empty = Object.fromEntries(names.map((name) => [name, '']))
    expect(readConfig(variables, { ...empty, ...required })).toStrictEqual(
      readConfig(variables, required),
    )
    expect(problemOf(empty)).toBe(problemOf({}))
  })

  test('are read from text', () => {
    const env = { ...required, PORT: '8080', BATCH_SIZE: '7', LOG_LEVEL: 'debug', WAIT_MS: '250' }
    const more = { KEEP_DAYS: '7', VERBOSE: 'true', POLICY: 'erase' }
    expect(readConfig(variables, { ...env, ...more })).toMatchObject({
      PORT: 8080,
      BATCH_SIZE: 7,
      LOG_LEVEL: 'debug',
      WAIT_MS: 250,
      KEEP_DAYS: 7,
      VERBOSE: true,
      POLICY: 'erase',
    })
  })

  test('are only those that are asked for', () => {
    expect(readConfig({ HOST: host }, { HOST: '::1', HOME: '/root' })).toStrictEqual({
      HOST: '::1',
    })
  })
})

describe('what is wrong', () => {
  test('is reported together, each with name, reason and example', () => {
    const env = {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      SHUTDOWN_TIMEOUT_MS: '10s',
      REDIS_URL: 'localhost:6379',
      BATCH_SIZE: '0',
      KEEP_DAYS: '6',
      VERBOSE: 'yes',
      POLICY: 'forget',
      TOKEN: 'abc',
    }
    expect(problemOf(env)).toBe(
      [
        'settings are missing or wrong:',
        '  LOG_LEVEL must be one of fatal, error, warn, info, debug, trace, silent. Example: LOG_LEVEL=info',
        '  SHUTDOWN_TIMEOUT_MS must be a whole number of milliseconds, 1 to 2147483647. Example: SHUTDOWN_TIMEOUT_MS=10000',
        '  PORT must be a port. Example: PORT=3000',
        '  DATABASE_URL is not set. Example: DATABASE_URL=postgresql://user:password@localhost:5432/app',
        '  REDIS_URL must be a redis:// or rediss:// URL. Example: REDIS_URL=redis://localhost:6379',
        '  BATCH_SIZE must be a whole number, 1 to 1000. Example: BATCH_SIZE=100',
        '  KEEP_DAYS must be a whole number of days, 7 to 365: a week is the least. Example: KEEP_DAYS=30',
        '  VERBOSE must be true or false. Example: VERBOSE=false',
        '  POLICY must be one of erase, retain. Example: POLICY=retain',
        '  TOKEN must begin with tok_. Example: TOKEN=tok_123',
      ].join('\n'),
    )
  })

  test('is called wrong or missing', () => {
    const heading = (env: NodeJS.ProcessEnv) => problemOf(env).split('\n')[0]
    expect(heading({})).toBe('settings are missing:')
    expect(heading({ ...required, PORT: 'http' })).toBe('settings are wrong:')
    expect(heading({ PORT: 'http' })).toBe('settings are missing or wrong:')
  })

  test('is found under a name that it often has by mistake', () => {
    const secret = variable(z.string(), 's3cret', ['WEBHOOK_SECRET', 'SIGNING_SECRET'])
    expect(() => readConfig({ SECRET: secret }, { SIGNING_SECRET: 'x' })).toThrow(
      '\n  SECRET is not set, but SIGNING_SECRET is: rename it to SECRET',
    )
    expect(mistakenNameOf('SECRET', secret, { SECRET: 'x', SIGNING_SECRET: 'x' })).toBeUndefined()
  })

  test('of several readers is reported together, each problem once', () => {
    const env = { ...required, PORT: 'http', WAIT_MS: '0' }
    const read = () =>
      readTogether({
        one: () => readConfig({ PORT: variables.PORT }, env),
        two: () => readConfig({ PORT: variables.PORT, WAIT_MS: variables.WAIT_MS }, env),
      })
    expect(read).toThrow(/^settings are wrong:\n {2}PORT [^\n]*\n {2}WAIT_MS [^\n]*$/)
  })

  test('has a code of its own', () => {
    expect(() => readConfig(variables, {})).toThrow(
      expect.objectContaining({ name: 'ConfigError', code: 'ERR_CONFIG' }),
    )
  })

  test.each([
    ...['0', '-1', '65536', '1.5', '3000a', ' ', 'NaN', 'Infinity'].map((text) => ['PORT', text]),
    ...['0', '1.5', '5s', '2147483648', '1e99'].map((text) => ['WAIT_MS', text]),
    ...['0', '-5', '2.5', 'many'].map((text) => ['BATCH_SIZE', text]),
    ...['0', '6', '7.5', '366', 'all'].map((text) => ['KEEP_DAYS', text]),
  ] as const)('is a number out of bounds, in our words: %s=%j', (name, text) => {
    expect(problemOf({ ...required, [name]: text })).toMatch(
      new RegExp(`\n  ${name} must be a (port|whole number[^.]*)\\. Example: `),
    )
  })

  test.each([
    ['DATABASE_URL', 'localhost/app'],
    ['DATABASE_URL', 'mysql://localhost/app'],
    ['DATABASE_URL', 'redis://localhost'],
    ['REDIS_URL', 'localhost:6379'],
    ['REDIS_URL', 'postgresql://localhost/app'],
  ])('is a URL of another kind: %s=%j', (name, text) => {
    expect(problemOf({ ...required, [name]: text })).toMatch(
      new RegExp(`\n  ${name} must be a \\S+:// (or \\S+:// )?URL( \\(.+\\))?\\. Example: `),
    )
  })

  test.each(Object.keys(variables))('never shows the value: %s', (name) => {
    for (const value of [
      's3cret',
      '-777.5',
      's3cret://user:s3cret@host',
      '{"s3cret":1}',
      's3cret,',
    ]) {
      const env = { ...required, [name]: value }
      const message = name === 'HOST' ? '' : problemOf(env)
      expect(message).not.toContain('s3cret')
      expect(message).not.toContain('777')
    }
  })
})

test.each([
  'postgres://localhost/app',
  'postgresql://user:p%40ss@db.internal:5432/app?sslmode=require',
  'postgresql:///app?host=/var/run/postgresql',
])('%s is a database', (url) => {
  expect(
    readConfig({ DATABASE_URL: optionalPostgresUrl }, { DATABASE_URL: url }).DATABASE_URL,
  ).toBe(url)
})
