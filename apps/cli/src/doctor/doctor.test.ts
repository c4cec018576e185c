import { readConfig } from '@clerk-sync/ops'
import { expect, test, vi } from 'vitest'
import type { Check, Finding } from './check.ts'
import { skippedCheck, runChecks } from './check.ts'
import { cliVariables } from './settings-checks.ts'
import { explainConnection } from './endpoint-check.ts'
import { createQuote } from './wording.ts'
import { renderReport } from './report.ts'

const quote = createQuote({})
const problem = (found: string): Finding => ({
  status: 'problem',
  found,
  cause: ['one', 'two'],
  cure: 'repair it',
})
const fine: Finding = { status: 'ok', found: 'fine' }

function check(name: string, run: () => Promise<Finding>, needs?: Check): Check {
  return { name, run, onError: problem, ...(needs ? { needs } : {}) }
}

test('checks run side by side, and results keep their order', async () => {
  const second = Promise.withResolvers<Finding>()
  const first = check('first', () => second.promise)
  const results = await runChecks(
    [
      first,
      check('second', async () => {
        second.resolve(fine)
        return fine
      }),
    ],
    quote,
  )
  expect(results.map(({ name }) => name)).toEqual(['first', 'second'])
})

test('a check runs once, before those that need it, which are skipped when it fails', async () => {
  const run = vi.fn<() => Promise<Finding>>(async () => {
    throw new Error('refused')
  })
  const base = check('base', run)
  const middle = check('middle', async () => fine, base)
  const top = check('top', async () => fine, middle)
  const results = await runChecks([top, middle, base], quote)
  expect(run).toHaveBeenCalledOnce()
  expect(results).toMatchObject([
    { name: 'top', status: 'skipped', cause: 'it needs "middle"', cure: 'see "middle" first' },
    { name: 'middle', status: 'skipped', cause: 'it needs "base"' },
    { name: 'base', status: 'problem', found: 'refused' },
  ])
})

test('a check without an answer fails after the timeout', async () => {
  const silent = check('silent', () => new Promise(() => undefined))
  expect(await runChecks([silent], quote, 20)).toMatchObject([{ found: 'no answer within 0.02 s' }])
})

test('a terminal gets symbols and colours, a pipe gets words', async () => {
  const checks = [
    check('database', async () => fine),
    check('queue', async () => problem('broken')),
    skippedCheck('endpoint', 'no URL', 'give one'),
  ]
  const report = { subject: 'here', results: await runChecks(checks, quote) }
  expect(renderReport(report, { symbols: false, colours: false })).toBe(
    [
      'here',
      '',
      'ok       database  fine',
      'problem  queue     broken',
      '         cause  one',
      '                two',
      '         cure   repair it',
      'skipped  endpoint  not checked',
      '         cause  no URL',
      '         cure   give one',
      '',
      '1 problem, 0 warnings, 1 ok, 1 skipped',
      '',
    ].join('\n'),
  )
  const symbols = renderReport(report, { symbols: true, colours: false })
  expect(symbols).toContain('✓  database  fine\n✗  queue     broken\n   cause  one\n')
  expect(renderReport(report, { symbols: true, colours: true })).toContain(
    '\u001B[31m✗\u001B[39m  queue',
  )
})

test('a message of another server is one short line without a secret', () => {
  const shown = createQuote({
    DATABASE_URL: 'postgresql://app:p%40ssw0rd@db/app?password=another',
    CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_one, whsec_two',
    CLERK_SECRET_KEY: 'sk_live_1',
    BOARD_PASSWORD: 'abc',
  })
  expect(shown('p@ssw0rd p%40ssw0rd another whsec_two sk_live_1')).toBe('*** *** *** *** ***')
  expect(shown('at https://me:unknown@host/')).toBe('at https://***@host/')
  expect(shown('a\u001B[31m\n\tb\u202E')).toBe('a [31m b')
  expect(shown('x'.repeat(1_000))).toHaveLength(201)
  // Too short to be told from other text.
  expect(shown('abc')).toBe('abc')
})

test.each([
  ['CERT_HAS_EXPIRED', /expired/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /signed by itself/],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', /certificates between/],
  ['ERR_TLS_CERT_ALTNAME_INVALID', /another name/],
  ['ERR_SSL_WRONG_VERSION_NUMBER', /does not speak TLS/],
  ['ECONNREFUSED', /nothing listens/],
  ['ECONNRESET', /dropped on the way/],
])('a connection that fails with %s is explained', (code, cause) => {
  const error = Object.assign(new Error(code), { code })
  expect(explainConnection(error).cause).toMatch(cause)
  expect(explainConnection(new AggregateError([error])).cause).toMatch(cause)
})

test('the API is that of Clerk unless another one is set, without a slash at its end', () => {
  const apiUrl = (url: string) => readConfig(cliVariables, { CLERK_API_URL: url }).CLERK_API_URL
  expect(apiUrl('')).toBe('https://api.clerk.com')
  expect(apiUrl('http://127.0.0.1:4000/clerk/')).toBe('http://127.0.0.1:4000/clerk')
})

test.each([
  ['CLERK_SECRET_KEY', 'pk_live_s3cret', /must be a secret key of Clerk/],
  ['CLERK_SECRET_KEY', 'sk_live_s3cret and more', /must be a secret key of Clerk/],
  ['CLERK_API_URL', 'api.clerk.com/s3cret', /must be an https:\/\/ URL\. Example/],
  ['CLERK_API_URL', 'https://me:s3cret@api.clerk.com', /must not have a user or a password/],
])('%s that is wrong is refused without being quoted', (name, value, why) => {
  expect(() => readConfig(cliVariables, { [name]: value })).toThrow(why)
  expect(() => readConfig(cliVariables, { [name]: value })).not.toThrow(/s3cret/)
})

test.each([
  'redis://:s3cret@localhost',
  'rediss://me:s3cret@a:6379,b:6379',
  'redis://a:6379,redis://me:s3cret@b:6379',
  'redis+sentinel://me:s3cret@a,b/mymaster',
  'redis+sentinel://a,b/mymaster?sentinelUsername=me&sentinelPassword=s3cret',
])('hides the password of %s', (url) => {
  expect(createQuote({ REDIS_URL: url })('refused: s3cret')).toBe('refused: ***')
})
