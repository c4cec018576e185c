import { buildSample } from '@clerk-sync/events/samples'
import type { App } from '@clerk-sync/ops/process'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createChain, outcomesOf, until, untilDone, untilState } from './chain.ts'
import type { Chain, RunningIngest, RunningWorker } from './chain.ts'
import { proxied } from './proxied.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

let chain: Chain
let ingest: RunningIngest
let opened: OpenQueue
let proxy: Awaited<ReturnType<typeof proxied>>
beforeEach(async () => {
  chain = await createChain('redis')
  ingest = await chain.startIngest()
  opened = openQueue(chain.queue, { onError: () => undefined })
  proxy = await proxied(chain.databaseUrl)
})
afterEach(async () => {
  await proxy.heal()
  await opened.close()
  await chain.close()
  await proxy.close()
})

const databaseCheck = (worker: App) => worker.checks.find((check) => check.name === 'database')
const isReady = (worker: App) =>
  databaseCheck(worker)
    ?.run()
    .then(
      () => true,
      () => false,
    )

/** No attempt of any event failed, and none ran twice. */
async function costNoAttempt(worker: RunningWorker, applied: number): Promise<void> {
  expect(await worker.count('clerk_sync_worker_failures_total')).toBe(0)
  expect(await worker.count('clerk_sync_worker_events_total', { outcome: 'applied' })).toBe(applied)
  expect(await worker.count('clerk_sync_worker_events_total')).toBe(applied)
}

describe.each([
  ['unreachable', () => proxy.cut()],
  ['frozen', () => proxy.freeze()],
] as const)('while the database is %s', (how, fail) => {
  test('the worker waits without costing any event an attempt, and goes on when it is back', async () => {
    const worker = await chain.startWorker({ databaseUrl: proxy.url })
    await outcomesOf(chain, [await ingest.send(buildSample('user.created'))])
    expect(await isReady(worker)).toBe(true)

    await fail()
    const sent = await Promise.all(
      Array.from({ length: 20 }, () => ingest.send(buildSample('user.created'))),
    )
    await until(async () => ((await isReady(worker)) ? undefined : true))
    await until(async () =>
      (await bullQueueOf(opened).getJobCounts('active'))['active'] ? true : undefined,
    )
    // Longer than a few tries of the worker.
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    expect(await bullQueueOf(opened).getJobCounts('failed', 'delayed')).toEqual({
      failed: 0,
      delayed: 0,
    })
    if (how === 'unreachable') await stopsFetching()

    await proxy.heal()
    expect(new Set(await outcomesOf(chain, sent))).toEqual(new Set(['applied']))
    await until(async () => ((await isReady(worker)) ? true : undefined))
    await untilDone(opened, sent)
    expect(await worker.count('clerk_sync_worker_failures_total')).toBe(0)
    const later = await ingest.send(buildSample('user.created'))
    expect(await outcomesOf(chain, [later])).toEqual(['applied'])
  }, 90_000)

  async function stopsFetching(): Promise<void> {
    const more = await ingest.send(buildSample('user.created'))
    const last = await ingest.send(buildSample('user.created'))
    // One fetch may have started already.
    expect(await bullQueueOf(opened).getJobState(more.svixId)).toMatch(/waiting|active/)
    expect(await bullQueueOf(opened).getJobState(last.svixId)).toBe('waiting')
  }

  test('a worker that starts is not ready until the database is available, then it fetches', async () => {
    await fail()
    const worker = await chain.startWorker({ databaseUrl: proxy.url })
    const sent = await ingest.send(buildSample('user.created'))
    expect(await isReady(worker)).toBe(false)
    expect(await bullQueueOf(opened).getJobState(sent.svixId)).toBe('waiting')
    await proxy.heal()
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  }, 60_000)
})

test('a worker that stops while the database is unreachable gives its events back untouched', async () => {
  const worker = await chain.startWorker({ databaseUrl: proxy.url })
  await outcomesOf(chain, [await ingest.send(buildSample('user.created'))])
  await proxy.cut()
  const sent = await Promise.all(
    Array.from({ length: 5 }, () => ingest.send(buildSample('user.created'))),
  )
  await until(async () =>
    (await bullQueueOf(opened).getJobCounts('active'))['active'] ? true : undefined,
  )
  const started = performance.now()
  await worker.close()
  expect(performance.now() - started).toBeLessThan(5_000)
  expect(await bullQueueOf(opened).getJobCounts('active', 'failed', 'delayed', 'waiting')).toEqual({
    active: 0,
    failed: 0,
    delayed: 0,
    waiting: 5,
  })
  expect(await worker.count('clerk_sync_worker_failures_total')).toBe(0)
  for (const { svixId } of sent)
    expect((await bullQueueOf(opened).getJob(svixId))?.attemptsMade).toBe(0)
  const next = await chain.startWorker()
  expect(new Set(await outcomesOf(chain, sent))).toEqual(new Set(['applied']))
  await untilDone(opened, sent)
  await costNoAttempt(next, 5)
})

test('a worker that stops while the database is frozen ends in time, also while readiness is asked', async () => {
  const worker = await chain.startWorker({ databaseUrl: proxy.url })
  await outcomesOf(chain, [await ingest.send(buildSample('user.created'))])
  proxy.freeze()
  const asked = isReady(worker)
  const sent = await ingest.send(buildSample('user.created'))
  await untilState(opened, sent, 'active')
  const started = performance.now()
  await worker.close()
  expect(performance.now() - started).toBeLessThan(9_000)
  await proxy.heal()
  await asked
}, 60_000)

test('an outage longer than every timeout leaves whole rows and costs no attempt', async () => {
  const worker = await chain.startWorker({ databaseUrl: proxy.url })
  await outcomesOf(chain, [await ingest.send(buildSample('user.created'))])
  proxy.freeze()
  const event = buildSample('user.created')
  const sent = await ingest.send(event)
  await new Promise((resolve) => setTimeout(resolve, 25_000))
  expect(await isReady(worker)).toBe(false)
  await proxy.heal()
  await outcomesOf(chain, [sent])
  await untilDone(opened, [sent])
  expect(await worker.count('clerk_sync_worker_failures_total')).toBe(0)
  const id = String(event.data['id'])
  expect(await prismaOf(chain.db).user.count({ where: { id } })).toBe(1)
  expect(await prismaOf(chain.db).emailAddress.count({ where: { user_id: id } })).toBe(1)
  await until(async () => ((await isReady(worker)) ? true : undefined))
}, 90_000)

test('a table that somebody locks for long costs no event an attempt', async () => {
  const worker = await chain.startWorker()
  const holder = new Client({ connectionString: chain.databaseUrl })
  await holder.connect()
  await holder.query('BEGIN; LOCK TABLE clerk.users IN SHARE MODE')
  const sent = await Promise.all([1, 2, 3].map(() => ingest.send(buildSample('user.created'))))
  await new Promise((resolve) => setTimeout(resolve, 7_000))
  expect(await bullQueueOf(opened).getJobCounts('failed', 'delayed')).toEqual({
    failed: 0,
    delayed: 0,
  })
  await holder.end()
  await untilDone(opened, sent)
  await costNoAttempt(worker, 3)
}, 60_000)

test('a worker whose database has pending migrations waits and names them', async () => {
  await chain.db.query('ALTER TABLE clerk._prisma_migrations RENAME TO hidden')
  const worker = await chain.startWorker()
  await until(async () =>
    databaseCheck(worker)
      ?.run()
      .then(
        () => undefined,
        (error: Error) => (error.message.includes('run clerk-sync migrate') ? true : undefined),
      ),
  )
  await chain.db.query('ALTER TABLE clerk.hidden RENAME TO _prisma_migrations')
  const sent = await ingest.send(buildSample('user.created'))
  expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
})
