import { applyChanges, createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { changeFromEvent, everything, selectKept } from '@clerk-sync/events'
import { CannotApplyError, createConsumer, locateQueue, openQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { saveSettings } from '@clerk-sync/sync'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { person } from '../src/person/person.ts'
import { startCommand } from './clerk-access/scene.ts'

const noon = Date.UTC(2026, 0, 1, 12)
const user = 'user_2abc'
const address = 'ada@example.com'
const redisUrl = `${inject('redisUrl')}/12`

const event = (svixId: string, type: string, data: { id: string; [field: string]: unknown }) => ({
  svixId,
  type,
  occurredAt: noon,
  receivedAt: noon + 200,
  entityId: data.id,
  userId: user,
  data: { updated_at: noon, ...data },
})

interface RunOptions {
  json?: boolean
  limit?: number
  REDIS_URL?: string
  DATABASE_URL?: string
}

/** A database with a person in it, and a queue in which an event of theirs has failed. */
async function settle() {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const db = createDatabase({ url: database.url, maxConnections: 2 })
  onTestFinished(() => db.close())
  const kept = selectKept(everything)
  const rules = { deletionPolicy: 'anonymize', auditValues: true } as const
  await saveSettings(db, { deletionPolicy: 'anonymize', choice: everything })
  const apply = async (...events: object[]) => {
    const results = await applyChanges(
      db,
      events.map((one) => changeFromEvent(kept, one)),
      rules,
    )
    expect(results.every(({ ok }) => ok)).toBe(true)
  }
  await apply(
    event('msg_1', 'user.created', {
      id: user,
      first_name: 'A\u001b[2Jda',
      email_addresses: [{ id: 'idn_1', email_address: address }],
    }),
    event('msg_2', 'organization.created', { id: 'org_1', name: 'Engines' }),
    event('msg_3', 'organizationMembership.created', {
      id: 'orgmem_1',
      organization: { id: 'org_1' },
      public_user_data: { user_id: user },
    }),
  )
  await failJob(event('msg_4', 'session.created', { id: 'sess_1', user_id: user }))
  const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl }
  const run = async (query: string, { json = false, limit = 50, ...more }: RunOptions = {}) => {
    let text = ''
    const stdout = { write: (part: string) => (text += part) }
    const options = json ? ({ limit, json } as const) : { limit }
    return { code: await person(query, options, { ...env, ...more }, { stdout }), text }
  }
  return { apply, run, env }
}

async function failJob(data: { svixId: string; type: string }): Promise<void> {
  const location = locateQueue({ redisUrl, databaseUrl: undefined })
  const opened = openQueue(location, { onError: () => undefined })
  await vi.waitFor(() => bullQueueOf(opened).obliterate({ force: true }), { timeout: 5_000 })
  onTestFinished(async () => {
    await bullQueueOf(opened).obliterate({ force: true })
    await opened.close()
  })
  const failed = Promise.withResolvers<void>()
  const consumer = createConsumer(location, {
    concurrency: 1,
    process: () => Promise.reject(new CannotApplyError('SQLSTATE 23514')),
    onFailed: () => failed.resolve(),
    onStalled: () => undefined,
    onError: failed.reject,
  })
  await bullQueueOf(opened).add(data.type, data, { jobId: data.svixId })
  await failed.promise
  await consumer.close()
}

test('an id and an address lead to all that is known, as text and as JSON', async () => {
  const { apply, run, env } = await settle()
  const byId = await startCommand(['person', user], env).ended
  expect(byId).toMatchObject({ code: 0, stderr: '' })
  expect(byId.stdout.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)/g, '…')).toMatchSnapshot()

  const byAddress = await run('ADA@example.com')
  expect(byAddress.text).toMatch(/^ADA@example\.com leads to\n {2}user_2abc {2}email_addresses\n/)
  expect(byAddress.text).toContain('user_2abc: user\n')

  const { code, text } = await run(user, { json: true, limit: 1 })
  expect(code).toBe(0)
  expect(JSON.parse(text)).toMatchObject({
    query: user,
    deletionPolicy: 'anonymize',
    notes: [],
    found: [
      {
        entity: 'user',
        tables: [
          { table: 'users', count: { number: 1 }, rows: [{ id: user, last_name: null }] },
          {},
          {},
        ],
        names: { org_1: 'Engines' },
        events: { rows: [{ receivedAt: '2026-01-01T12:00:00.200Z' }], count: { number: 3 } },
        deletion: { policy: 'anonymize', staying: [] },
      },
    ],
    failedJobs: { jobs: [{ id: 'msg_4', entityId: 'sess_1', final: true }], seen: 1, total: 1 },
  })

  await apply(event('msg_5', 'user.deleted', { id: user }))
  expect((await run(user)).text).toMatch(/^user_2abc: user, deleted at 2026-01-01T12:00:00\.000Z\n/)
  const before = await run(address)
  expect(before.text).toContain('nobody has or had ada@example.com')
  expect(before.code).toBe(3)
})

test('what is not known, or can not be read, is said', async () => {
  const { apply, run } = await settle()
  const unknown = await run('user_nobody')
  expect(unknown.code).toBe(3)
  expect(unknown.text).toMatch(/^nothing is known of user_nobody: no row, no tombstone, no event/)
  expect(JSON.parse((await run('user_nobody', { json: true })).text)).toMatchObject({ found: [] })

  await apply(event('msg_6', 'user.deleted', { id: 'user_gone' }))
  const gone = await run('user_gone', { REDIS_URL: 'redis://127.0.0.1:1' })
  expect(gone.code).toBe(0)
  expect(gone.text).toMatch(/^user_gone: user, deleted at 2026-01-01T12:00:00.000Z, no row is left/)
  expect(gone.text).toMatch(/failed jobs: not read, because the queue does not answer: /)

  const unavailable = run(user, { DATABASE_URL: 'postgresql://127.0.0.1:1/postgres' })
  await expect(unavailable).rejects.toThrow(/^the database can't be reached/)
})
