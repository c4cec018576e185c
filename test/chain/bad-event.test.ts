import { buildSample } from '@clerk-sync/events/samples'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { expect, test } from 'vitest'
import { backends, openChain, outcomesOf, until, untilDone } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

test.each(backends)(
  'on %s an event that the database refuses fails alone and its whole batch is written',
  async (backend) => {
    const { chain, opened } = await openChain(backend)
    const ingest = await chain.startIngest()
    const events = Array.from({ length: 60 }, (_, index) =>
      buildSample(index === 37 ? 'user.updated' : 'user.created'),
    )
    const bad = String(events[37]?.data['id'])
    await chain.db.query(`ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (id <> '${bad}')`)
    const sent = await Promise.all(events.map((event) => ingest.send(event)))
    const worker = await chain.startWorker()

    const good = sent.filter((_, index) => index !== 37)
    expect(new Set(await outcomesOf(chain, good))).toEqual(new Set(['applied']))
    // Its job is told after the others are committed.
    const reason = await until(async () => {
      const job = await bullQueueOf(opened).getJob(sent[37]?.svixId ?? '')
      return job?.failedReason || undefined
    })
    expect(reason).toBe(
      'the database refused the statement: SQLSTATE 23514 (table users, constraint refused)',
    )
    expect(await prismaOf(chain.db).user.findUnique({ where: { id: bad } })).toBeNull()
    await untilDone(opened, good)
    const failures = 'clerk_sync_worker_failures_total'
    expect(await worker.count(failures, { type: 'user.created' })).toBe(0)
    expect(await worker.count(failures, { type: 'user.updated' })).toBeGreaterThanOrEqual(1)
    expect(await worker.count('clerk_sync_worker_events_total', { outcome: 'applied' })).toBe(59)
    expect(await worker.count('clerk_sync_worker_events_total')).toBe(59)
  },
)
