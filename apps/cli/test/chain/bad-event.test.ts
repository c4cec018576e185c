import { buildSample } from '@clerk-sync/events'
import { openQueue } from '@clerk-sync/queue'
import { expect, onTestFinished, test } from 'vitest'
import { backends, createChain, finishedJob, outcomesOf } from './chain.ts'

test.each(backends)(
  'on %s an event that the database refuses fails alone and its whole batch is written',
  async (backend) => {
    const chain = await createChain(backend)
    onTestFinished(() => chain.close())
    const ingest = await chain.startIngest()
    const opened = openQueue(chain.queue, { onError: () => undefined })
    onTestFinished(() => opened.close())
    const events = Array.from({ length: 60 }, () => buildSample('user.created'))
    const bad = String(events[37]?.data['id'])
    await chain.db.prisma.$executeRawUnsafe(
      `ALTER TABLE clerk.users ADD CONSTRAINT refused CHECK (id <> '${bad}')`,
    )
    const sent = await Promise.all(events.map((event) => ingest.send(event)))
    await chain.startWorker()

    const good = sent.filter((_, index) => index !== 37)
    expect(new Set(await outcomesOf(chain, good))).toEqual(new Set(['applied']))
    const job = await opened.queue.getJob(sent[37]?.svixId ?? '')
    expect(job?.failedReason).toBe(
      'the database refused the write: SQLSTATE 23514 (constraint refused)',
    )
    expect(await chain.db.prisma.user.findUnique({ where: { id: bad } })).toBeNull()
    const others = await Promise.all(good.map(({ svixId }) => finishedJob(opened, svixId)))
    expect(new Set(others.map((other) => other.attemptsMade))).toEqual(new Set([1]))
  },
)
