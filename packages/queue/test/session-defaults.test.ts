import { createTestDatabase } from '@clerk-sync/testing'
import type { PostgresQueueBackend } from 'bullmq'
import { Client } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { locateQueue, migrateQueue } from '../src/index.ts'
import { bullQueueOf } from '../src/bullmq.ts'
import { buildEvent, openConsumer, openProducer, untilDone, untilEmpty } from './open-ends.ts'

/** A queue in a database, and what an administrator says there for every later connection. */
async function createScene() {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  const location = locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  await migrateQueue(location)
  const admin = new Client({ connectionString: database.url })
  await admin.connect()
  onTestFinished(() => admin.end())
  const name = new URL(database.url).pathname.slice(1)
  return {
    location,
    set: (setting: string) => admin.query(`ALTER DATABASE ${name} SET ${setting}`),
    endSessions: () =>
      admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '${name}' AND pid <> pg_backend_pid()`,
      ),
  }
}

test.each(['serializable', 'repeatable read'])(
  'with %s as the default workers run each job once, and BullMQ has the level that its statements rely on',
  async (level) => {
    const { location, set } = await createScene()
    await set(`default_transaction_isolation = '${level}'`)
    const { enqueue, opened } = openProducer(location)
    const events = Array.from({ length: 100 }, buildEvent)
    const consumers = [1, 2, 3].map(() =>
      openConsumer(location, undefined, { lockDurationMs: 30_000 }),
    )
    await Promise.all(events.map((event) => enqueue(event)))
    await untilEmpty(opened)
    const started = consumers.flatMap((runs) => runs.started)
    expect(started.toSorted()).toEqual(events.map(({ svixId }) => svixId).toSorted())
    const { connection } = bullQueueOf(opened).getBackend() as unknown as PostgresQueueBackend
    const { rows } = await connection.pool.query('SHOW transaction_isolation')
    expect(rows).toEqual([{ transaction_isolation: 'read committed' }])
  },
  60_000,
)

test('when read-only transactions are no longer the default, jobs are taken again at once', async () => {
  const { location, set, endSessions } = await createScene()
  const { enqueue, opened } = openProducer(location)
  const runs = openConsumer(location)
  const [before, after] = [buildEvent(), buildEvent()] as const
  await enqueue(before)
  await untilDone(runs, [before])
  await set('default_transaction_read_only = on')
  await endSessions()
  await expect(enqueue(after, 3_000)).rejects.toMatchObject({ code: 'ERR_QUEUE_UNAVAILABLE' })
  await set('default_transaction_read_only = off')
  await enqueue(after, 20_000)
  await untilDone(runs, [after], 20_000)
  await untilEmpty(opened)
}, 90_000)
