import { buildSample } from '@clerk-sync/events/samples'
import type { QueueLocation } from '@clerk-sync/queue'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backends, createChain, outcomesOf, problemOf, untilReady, until } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import { proxiedQueue } from './proxied.ts'

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let proxy: Awaited<ReturnType<typeof proxiedQueue>>
  let queue: QueueLocation
  beforeEach(async () => {
    chain = await createChain(backend)
    proxy = await proxiedQueue(chain.queue)
    queue = proxy.queue
  })
  afterEach(async () => {
    await proxy.heal()
    await chain.close()
    await proxy.close()
  })

  const failures = [
    ['unreachable', () => proxy.cut()],
    ['frozen', () => proxy.freeze()],
  ] as const

  async function taken(ingest: RunningIngest): Promise<void> {
    const sent = await ingest.send(buildSample('user.created'))
    expect(sent.status).toBe(200)
    expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
  }

  test.each(failures)(
    'an event is answered 503 in time while the queue is %s, and taken when it is back',
    async (_, fail) => {
      const ingest = await chain.startIngest({ queue, enqueueTimeoutMs: 1_500 })
      await chain.startWorker({ queue })
      await taken(ingest)

      await fail()
      const event = buildSample('user.created')
      const started = performance.now()
      const refused = await ingest.send(event)
      const answeredMs = performance.now() - started
      expect(refused).toMatchObject({
        status: 503,
        body: { error: 'queue_unavailable' },
        retryAfter: '30',
      })
      expect(answeredMs).toBeGreaterThan(1_000)
      expect(answeredMs).toBeLessThan(4_000)
      expect(await problemOf(ingest, 'queue')).toMatch(/./)

      await proxy.heal()
      await untilReady(ingest, 'queue')
      const again = await ingest.send(event, { svixId: refused.svixId })
      expect(again.status).toBe(200)
      expect(await outcomesOf(chain, [again])).toEqual(['applied'])
      await taken(ingest)
    },
  )

  test.each(failures)(
    'a request waits for a queue that was %s and is back in time',
    async (_, fail) => {
      const ingest = await chain.startIngest({ queue })
      await chain.startWorker({ queue })
      await taken(ingest)
      await fail()
      const waiting = ingest.send(buildSample('user.created'))
      const early = await Promise.race([
        waiting,
        new Promise((resolve) => setTimeout(resolve, 700)),
      ])
      expect(early).toBeUndefined()
      await proxy.heal()
      const sent = await waiting
      expect(sent.status).toBe(200)
      expect(await outcomesOf(chain, [sent])).toEqual(['applied'])
    },
  )

  test.each(failures)(
    'ingest that starts while the queue is %s takes events once it is there',
    async (_, fail) => {
      await fail()
      const ingest = await chain.startIngest({ queue, enqueueTimeoutMs: 1_000 })
      expect((await ingest.send(buildSample('user.created'))).status).toBe(503)
      await proxy.heal()
      await chain.startWorker()
      await until(async () =>
        (await ingest.send(buildSample('user.created'))).status === 200 ? true : undefined,
      )
      await taken(ingest)
    },
  )

  test('requests that wait for an unreachable queue are answered 503 when ingest stops', async () => {
    const ingest = await chain.startIngest({ queue })
    await proxy.cut()
    const waiting = ingest.send(buildSample('user.created'))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const started = performance.now()
    await ingest.close()
    expect((await waiting).status).toBe(503)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})
