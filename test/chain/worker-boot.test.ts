import { migrate } from '@clerk-sync/db/migrate'
import { buildSample } from '@clerk-sync/events/samples'
import { migrateQueue } from '@clerk-sync/queue'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { expect, onTestFinished, test } from 'vitest'
import { createChain, outcomesOf } from './chain.ts'
import { proxiedQueue } from './proxied.ts'

const aWhile = () => new Promise((resolve) => setTimeout(resolve, 1_500))

test.each([
  ['unreachable', 'cut'],
  ['frozen', 'freeze'],
] as const)(
  'a worker that starts while Redis is %s fetches once it is available',
  async (_, fail) => {
    const chain = await createChain('redis')
    onTestFinished(() => chain.close())
    const proxy = await proxiedQueue(chain.queue)
    onTestFinished(() => proxy.close())
    await proxy[fail]()
    await chain.startWorker({ queue: proxy.queue })
    const ingest = await chain.startIngest()
    const sent = await ingest.send(buildSample('user.created'))
    await aWhile()
    await proxy.heal()
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  },
)

test('a worker that starts before the queue on PostgreSQL is migrated fetches once it is', async () => {
  const chain = await createChain('postgres')
  onTestFinished(() => chain.close())
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const queue = { kind: 'postgres', url: database.url, schema: 'clerk_queue' } as const
  const worker = await chain.startWorker({ queue, databaseUrl: chain.databaseUrl })
  await aWhile()
  await expect(worker.checks.find(({ name }) => name === 'queue')?.run()).rejects.toThrow(/./)

  await migrateQueue(queue)
  const ingest = await chain.startIngest({ queue })
  const sent = await ingest.send(buildSample('user.created'))
  expect(sent.status).toBe(200)
  expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  // Before the database it lives in is dropped.
  await Promise.all([worker.close(), ingest.close()])
})
