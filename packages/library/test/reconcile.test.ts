import { createFakeClerk } from '@clerk-sync/fake-clerk'
import { expect, onTestFinished, test } from 'vitest'
import { createReconcileHandler } from '../src/reconcile.ts'
import type { ReconcileHandlerOptions } from '../src/reconcile.ts'
import { database, pool } from './delivery.ts'

const cronSecret = 'a-secret-of-the-cron-job'

function call(more: { authorization?: string } = {}): Request {
  const { authorization = `Bearer ${cronSecret}` } = more
  return new Request('https://app.example.com/api/cron', { headers: { authorization } })
}

/** A handler for a fake of Clerk's API with so many users. */
async function openHandler(users: number, more: Partial<ReconcileHandlerOptions> = {}) {
  const logged: string[] = []
  const log = (fields: object, message: string) =>
    void logged.push(`${message} ${JSON.stringify(fields)}`)
  const fake = await createFakeClerk({ generatedUsers: users })
  onTestFinished(() => fake.close())
  const handler = createReconcileHandler({
    databaseUrl: database.url,
    secretKey: fake.secretKey,
    apiUrl: fake.url,
    cronSecret,
    repair: true,
    logger: { info: log, warn: log, error: log },
    ...more,
  })
  onTestFinished(() => handler.close())
  return { handler, logged }
}

test('calls go on where the last one stopped, until the tables are those of Clerk', async () => {
  const { handler } = await openHandler(2_000, { sliceMs: 400 })
  const states: string[] = []
  for (let calls = 0; calls < 100 && states.at(-1) !== 'finished'; calls += 1) {
    const response = await handler(call())
    expect(response.status).toBe(200)
    const { state } = (await response.json()) as { state: string }
    states.push(state)
  }
  expect(states.slice(0, -1)).toEqual(states.slice(0, -1).map(() => 'working'))
  expect(states.length).toBeGreaterThan(1)
  const { rows } = await pool.query('SELECT count(*)::int AS users FROM clerk.users')
  expect(rows).toEqual([{ users: 2_000 }])
  const next = await (await handler(call())).json()
  expect(next).toEqual({ state: 'waiting', nextAt: expect.stringMatching(/^20\d\d-/) })
})

test('only who knows the secret may call', async () => {
  const { handler } = await openHandler(1)
  for (const authorization of ['', cronSecret, `Bearer ${cronSecret}x`]) {
    expect((await handler(call({ authorization }))).status).toBe(401)
  }
})

test.each<[string, Partial<ReconcileHandlerOptions>, string]>([
  ['a secret that is too short', { cronSecret: 'short' }, 'CRON_SECRET'],
  ['no database', { databaseUrl: undefined }, 'DATABASE_URL'],
  ['no key of Clerk', { secretKey: '', everyHours: 0 }, 'CLERK_SECRET_KEY'],
])('with %s it answers 500, and the log says why', async (_, options, reason) => {
  const { handler, logged } = await openHandler(1, options)
  const authorization = `Bearer ${options.cronSecret ?? cronSecret}`
  expect((await handler(call({ authorization }))).status).toBe(500)
  expect(logged.join('\n')).toContain(reason)
})
