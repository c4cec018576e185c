import { buildSample } from '@clerk-sync/events'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import type { Job } from 'bullmq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends, createChain, outcomesOf, until } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  let opened: OpenQueue
  let queue: OpenQueue['queue']
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    opened = openQueue(chain.queue, { onError: () => undefined })
    queue = opened.queue
    await chain.startWorker()
  })
  afterAll(async () => {
    await opened.close()
    await chain.close()
  })

  const jobIn = (svixId: string, state: string): Promise<Job> =>
    until(async () => {
      const isThere = (await queue.getJobState(svixId)) === state
      return isThere ? await queue.getJob(svixId) : undefined
    })

  test('the same event twice is one row and one ledger entry, and both are answered 200', async () => {
    const event = buildSample('user.created')
    const first = await ingest.send(event)
    await jobIn(first.svixId, 'completed')
    const before = await chain.db.prisma.user.findUnique({
      where: { id: String(event.data['id']) },
    })

    const second = await ingest.send(event, { svixId: first.svixId })
    expect(second.status).toBe(200)
    const job = await jobIn(first.svixId, 'completed')
    expect(job.attemptsStarted).toBe(1)
    expect(
      await chain.db.prisma.user.findUnique({ where: { id: String(event.data['id']) } }),
    ).toEqual(before)
  })

  test('the same event after its job was removed runs again and changes nothing', async () => {
    const event = buildSample('user.created')
    const first = await ingest.send(event)
    await (await jobIn(first.svixId, 'completed')).remove()
    const before = await chain.db.prisma.user.findUnique({
      where: { id: String(event.data['id']) },
    })

    expect((await ingest.send(event, { svixId: first.svixId })).status).toBe(200)
    await jobIn(first.svixId, 'completed')
    expect(await outcomesOf(chain, [first])).toEqual(['applied'])
    expect(
      await chain.db.prisma.user.findUnique({ where: { id: String(event.data['id']) } }),
    ).toEqual(before)
  })

  test('an event that can never be applied goes to the failed set at once, with a reason without its data', async () => {
    const { data, ...event } = buildSample('user.created')
    const { id: _, ...nameless } = data
    const sent = await ingest.send({ ...event, data: nameless })
    expect(sent.status).toBe(200)
    const job = await jobIn(sent.svixId, 'failed')
    expect(job.attemptsMade).toBe(1)
    expect(job.failedReason).toBe('user.created has no data.id: nothing to apply it to')

    const wrong = await ingest.send({ ...event, data: { ...data, first_name: ['Grace'] } })
    const { failedReason } = await jobIn(wrong.svixId, 'failed')
    expect(failedReason).toBe(
      "user.created can't be read: data.first_name is a list, expected a string",
    )
  })

  test('a redelivery of a failed event runs it again with fresh attempts', async () => {
    const event = buildSample('organization.created')
    const id = String(event.data['id'])
    await refuse(id)
    const sent = await ingest.send(event)
    // After the first attempt its retry waits; made to fail for good, it is like one that gave up.
    const waiting = await jobIn(sent.svixId, 'delayed')
    expect(waiting.attemptsMade).toBe(1)
    expect(waiting.failedReason).toMatch(/^the database refused the write: SQLSTATE 23514/)
    expect(waiting.failedReason).not.toContain(String(event.data['name']))
    await exhaust(waiting)
    await jobIn(sent.svixId, 'failed')
    await allow()

    expect((await ingest.send(event, { svixId: sent.svixId })).status).toBe(200)
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    const job = await jobIn(sent.svixId, 'completed')
    expect(job.attemptsMade).toBe(1)
  })

  test('a redelivery of an event whose retry waits leaves the wait alone', async () => {
    const event = buildSample('organization.created')
    await refuse(String(event.data['id']))
    const sent = await ingest.send(event)
    await jobIn(sent.svixId, 'delayed')
    expect((await ingest.send(event, { svixId: sent.svixId })).status).toBe(200)
    expect((await queue.getJob(sent.svixId))?.attemptsMade).toBeGreaterThanOrEqual(1)
    await allow()
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  })

  test('what is no event fails at once with a reason, and the worker goes on', async () => {
    const job = await queue.add('anything', { not: 'an event' }, { jobId: 'stray', attempts: 5 })
    expect((await jobIn(String(job.id), 'failed')).failedReason).toBe(
      'the job does not hold an event',
    )
    const sent = await ingest.send(buildSample('user.created'))
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  })

  const constraint = 'organizations_refused'
  const refuse = (id: string) =>
    chain.db.prisma.$executeRawUnsafe(
      `ALTER TABLE clerk.organizations ADD CONSTRAINT ${constraint} CHECK (id <> '${id}') NOT VALID`,
    )
  const allow = () =>
    chain.db.prisma.$executeRawUnsafe(
      `ALTER TABLE clerk.organizations DROP CONSTRAINT ${constraint}`,
    )

  // Runs the retries at once instead of over an hour.
  async function exhaust(job: Job): Promise<void> {
    const attempts = job.opts.attempts ?? 0
    expect(attempts).toBeGreaterThan(10)
    await until(async () => {
      const current = await queue.getJob(String(job.id))
      if ((await current?.getState()) === 'delayed') await current?.promote().catch(() => undefined)
      return (await current?.getState()) === 'failed' ? true : undefined
    })
    expect((await queue.getJob(String(job.id)))?.attemptsMade).toBe(attempts)
  }
})
