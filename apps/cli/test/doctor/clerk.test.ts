import { freePort } from '@clerk-sync/testing'
import { describe, expect, test } from 'vitest'
import { answerAsClerk, examine, serve } from './scene.ts'

describe("Clerk's API", () => {
  const settings = { CLERK_SECRET_KEY: 'sk_live_right', CLERK_INSTANCE_ID: 'ins_test' }

  test('a key that is refused is a problem; the clock is compared all the same', async () => {
    const { resultOf } = await examine({ ...settings, CLERK_API_URL: await serve(answerAsClerk()) })
    expect(resultOf('secret key')).toMatchObject({
      status: 'problem',
      found: 'refused, production: answered 401 authentication_invalid',
      cure: expect.stringContaining('Clerk Dashboard'),
    })
    expect(resultOf('clock')).toMatchObject({ status: 'ok' })
    expect(resultOf('instance')).toMatchObject({ status: 'skipped' })
  })

  test.each([
    [8_000, 'warning', /^[789] s behind Clerk$/, /beyond five minutes/],
    [-8_000, 'warning', /^[789] s ahead of Clerk$/, /beyond five minutes/],
    [250_000, 'problem', /^2\d\d s behind Clerk$/, /refuses signatures/],
  ])('a clock that is %i ms off', async (aheadMs, status, found, cause) => {
    // Without a key, too.
    const { resultOf } = await examine({ CLERK_API_URL: await serve(answerAsClerk({ aheadMs })) })
    expect(resultOf('clock')).toMatchObject({
      status,
      found: expect.stringMatching(found),
      cause: expect.stringMatching(cause),
      cure: expect.stringContaining('NTP'),
    })
    expect(resultOf('secret key')).toMatchObject({
      status: 'skipped',
      cause: 'CLERK_SECRET_KEY is not set',
    })
  })

  test('an answer without a time is a warning', async () => {
    const url = await serve((_, response) => {
      response.sendDate = false
      response.end('{}')
    })
    const { resultOf } = await examine({ ...settings, CLERK_API_URL: url })
    expect(resultOf('clock')).toMatchObject({ status: 'warning', found: 'unknown' })
    expect(resultOf('instance')).toMatchObject({ status: 'warning', found: 'unknown' })
  })

  test('another instance than the one that ingest takes events of is a problem', async () => {
    const env = { CLERK_SECRET_KEY: 'sk_test_right', CLERK_API_URL: await serve(answerAsClerk()) }
    const other = await examine({ ...env, CLERK_INSTANCE_ID: 'ins_other' })
    expect(other.resultOf('instance')).toMatchObject({
      status: 'problem',
      found: 'CLERK_SECRET_KEY is of ins_test, CLERK_INSTANCE_ID is ins_other',
    })
    const unset = await examine(env)
    expect(unset.resultOf('instance')).toMatchObject({
      status: 'skipped',
      cure: expect.stringContaining('CLERK_INSTANCE_ID=ins_test'),
    })
  })

  test('out of reach it is a problem for who has a key, and a warning for others', async () => {
    const CLERK_API_URL = `http://127.0.0.1:${await freePort()}`
    const needed = await examine({ ...settings, CLERK_API_URL })
    expect(needed.resultOf("Clerk's API")).toMatchObject({
      status: 'problem',
      found: expect.stringContaining('ECONNREFUSED'),
    })
    const free = await examine({ CLERK_API_URL })
    expect(free.resultOf("Clerk's API")).toMatchObject({ status: 'warning' })
    expect(free.resultOf('clock')).toMatchObject({ status: 'skipped' })
  })

  test('an API that is unavailable is no problem of the key', async () => {
    const url = await serve((_, response) => response.writeHead(503).end('busy'))
    const { resultOf } = await examine({ ...settings, CLERK_API_URL: url })
    expect(resultOf('secret key')).toMatchObject({ status: 'warning' })
  })
})
