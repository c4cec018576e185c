import { buildSample } from '@clerk-sync/events/samples'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import type { Job, Queue } from 'bullmq'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  backends,
  createChain,
  openChain,
  outcomesOf,
  until,
  untilDone,
  untilEmpty,
} from './chain.ts'
import type { Chain, RunningIngest, RunningWorker } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  let worker: RunningWorker
  let opened: OpenQueue
  let queue: Queue
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    opened = openQueue(chain.queue, { onError: () => undefined })
    queue = bullQueueOf(opened)
    worker = await chain.startWorker()
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

  const userOf = (event: ReturnType<typeof buildSample>) =>
    prismaOf(chain.db).user.findUnique({ where: { id: String(event.data['id']) } })

  test('the same event twice is one row and one ledger entry, and both are answered 200', async () => {
    const event = buildSample('user.created')
    const first = await ingest.send(event)
    await outcomesOf(chain, [first])
    await untilDone(opened, [first])
    const readState = async () => [
      await userOf(event),
      await prismaOf(chain.db).webhookEvent.findMany({ where: { id: first.svixId } }),
    ]
    const before = await readState()

    const duplicates = await countDuplicates()
    expect((await ingest.send(event, { svixId: first.svixId })).status).toBe(200)
    await until(async () => ((await countDuplicates()) === duplicates + 1 ? true : undefined))
    await untilDone(opened, [first])
    expect(await readState()).toEqual(before)
  })

  test('a second delivery of an event that waits changes nothing: it runs once', async () => {
    const { chain: quiet, opened: waiting } = await openChain(backend)
    const edge = await quiet.startIngest()
    const event = buildSample('user.created')
    const first = await edge.send(event)
    expect((await edge.send(event, { svixId: first.svixId })).status).toBe(200)
    expect((await bullQueueOf(waiting).getJobCounts('waiting'))['waiting']).toBe(1)

    const only = await quiet.startWorker()
    expect(await outcomesOf(quiet, [first])).toEqual(['applied'])
    await untilEmpty(waiting)
    expect(await only.count('clerk_sync_worker_events_total')).toBe(1)
    expect(await only.count('clerk_sync_worker_failures_total')).toBe(0)
  })

  test('a job of an earlier release, whose id is any svix-id unchanged, and its redelivery are applied once', async () => {
    const { chain: quiet, opened: waiting } = await openChain(backend)
    const edge = await quiet.startIngest()
    const sent = await edge.send(buildSample('user.created'), { svixId: 'evt_1' })
    const [job = expect.fail()] = await bullQueueOf(waiting).getJobs(['waiting'])
    await bullQueueOf(waiting).add(job.name, job.data, { jobId: 'evt_1', attempts: 5 })

    const only = await quiet.startWorker()
    expect(await outcomesOf(quiet, [sent])).toEqual(['applied'])
    await untilEmpty(waiting)
    expect(await only.count('clerk_sync_worker_events_total')).toBe(2)
    expect(await only.count('clerk_sync_worker_failures_total')).toBe(0)
  })

  test('an event that can never be applied goes to the failed set at once, with a reason without its data', async () => {
    const { data, ...event } = buildSample('user.created')
    const { id: _, ...nameless } = data
    const sent = await ingest.send({ ...event, data: nameless })
    expect(sent.status).toBe(200)
    const job = await jobIn(sent.svixId, 'failed')
    expect(job.attemptsMade).toBe(1)
    expect(job.failedReason).toBe('user.created has no data.id: nothing to apply it to')

    const wrong = await ingest.send({ ...event, data: { ...data, id: 'u'.repeat(256) } })
    const { failedReason } = await jobIn(wrong.svixId, 'failed')
    expect(failedReason).toBe('user.created has a data.id of more than 255 characters')
  })

  test('a redelivery of a failed event runs it again with fresh attempts', async () => {
    const event = buildSample('organization.created')
    const id = String(event.data['id'])
    await refuse(id)
    const sent = await ingest.send(event)
    // After the first attempt its retry waits; made to fail for good, it is like one that gave up.
    const waiting = await jobIn(sent.svixId, 'delayed')
    expect(waiting.attemptsMade).toBe(1)
    expect(waiting.failedReason).toMatch(/^the database refused the statement: SQLSTATE 23514/)
    expect(waiting.failedReason).not.toContain(String(event.data['name']))
    await exhaust(waiting)
    await jobIn(sent.svixId, 'failed')

    // Refused once more it would be back in the failed set, had it no attempts left.
    expect((await ingest.send(event, { svixId: sent.svixId })).status).toBe(200)
    expect((await jobIn(sent.svixId, 'delayed')).attemptsMade).toBeLessThan(5)
    await allow()
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    await untilDone(opened, [sent])
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

  const countDuplicates = () =>
    worker.count('clerk_sync_worker_events_total', { outcome: 'duplicate' })

  const constraint = 'organizations_refused'
  const refuse = (id: string) =>
    chain.db.query(
      `ALTER TABLE clerk.organizations ADD CONSTRAINT ${constraint} CHECK (id <> '${id}') NOT VALID`,
    )
  const allow = () =>
    chain.db.query(`ALTER TABLE clerk.organizations DROP CONSTRAINT ${constraint}`)

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
