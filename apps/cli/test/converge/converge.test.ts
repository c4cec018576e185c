import { randomInt } from 'node:crypto'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends, createChain, until } from '../chain/chain.ts'
import type { Chain, RunningIngest } from '../chain/chain.ts'
import { expectedFacts } from './expected-facts.ts'
import { readFacts } from './read-facts.ts'
import { steps, tell } from './story.ts'
import type { StoryEvent } from './story.ts'

const seed = Number(process.env['CONVERGE_SEED'] ?? randomInt(2 ** 31))
const stories = 36
const sendersAtOnce = 16
// Old enough that the whole story has happened, and young enough for Svix's five minutes.
const ageMs = 60_000

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let queue: OpenQueue
  let ingests: RunningIngest[]
  beforeAll(async () => {
    chain = await createChain(backend)
    queue = openQueue(chain.queue, { onError: () => undefined })
    ingests = [await chain.startIngest(), await chain.startIngest()]
    await chain.startWorker({ batchSize: 20 })
    await chain.startWorker({ batchSize: 20 })
  })
  afterAll(async () => {
    await queue.close()
    await chain.close()
  })

  /** Sends every delivery in its order, a few at a time, to one ingest after the other. */
  async function deliver(events: readonly StoryEvent[]): Promise<void> {
    const deliveries = events
      .flatMap((event) => event.sendAt.map((at) => ({ event, at })))
      .toSorted((a, b) => a.at - b.at)
      .entries()
    const sendAll = async () => {
      // The senders share the iterator, so each delivery has one of them.
      for (const [index, { event }] of deliveries) {
        const { svixId, svixTimestamp: timestamp, body } = event
        const sent = await ingests[index % ingests.length]?.send(body, { svixId, timestamp })
        expect(sent?.status).toBe(200)
        // Else the queue would answer for every duplicate by itself.
        if (index % 100 === 99) await queue.queue.clean(0, 1_000, 'completed')
      }
    }
    await Promise.all(Array.from({ length: sendersAtOnce }, sendAll))
  }

  const isDone = async () => {
    const { waiting, active, delayed } = await queue.queue.getJobCounts()
    return (waiting ?? 0) + (active ?? 0) + (delayed ?? 0) === 0 ? true : undefined
  }

  test(`${stories} stories at once end as each does in order, with seed ${seed}`, async () => {
    const told = fc
      .sample(steps, { seed, numRuns: stories })
      .map((story) => tell(story, Date.now() - ageMs))
    await deliver(told.flat())
    await until(isDone)

    expect((await queue.queue.getFailed()).map((job) => job.failedReason)).toEqual([])
    for (const events of told) {
      expect(await readFacts(chain.db, events)).toEqual(expectedFacts(events))
    }
  }, 120_000)
})
