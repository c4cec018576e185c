import type { ChildProcess } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { everything, selectKept } from '@clerk-sync/events'
import { openQueue } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { backends, createChain } from '../chain/chain.ts'
import type { Chain, RunningIngest } from '../chain/chain.ts'
import { forkWorker } from '../chain/fork-worker.ts'
import { expectedFacts, readFacts } from './facts.ts'
import { steps, tell } from './story.ts'
import type { StoryEvent } from './story.ts'

const seed = Number(process.env['CONVERGE_SEED'] ?? randomInt(2 ** 30))
const stories = 36
const sendersAtOnce = 16
const workersAtOnce = 3
// A worker is killed after about so many deliveries.
const lifetime = 250
const workerSettings = {
  // A job of a killed worker is another's after about this long.
  lockDurationMs: 1_500,
  batchSize: 20,
  auditValues: true,
  keepsEverything: true,
}
// Old enough that the whole story has happened, and young enough for Svix's five minutes.
const ageMs = 60_000

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let queue: OpenQueue
  let ingests: RunningIngest[]
  let workers: CrashingWorkers
  beforeAll(async () => {
    chain = await createChain(backend)
    queue = openQueue(chain.queue, { onError: () => undefined })
    const kept = selectKept(everything)
    ingests = [await chain.startIngest({ kept }), await chain.startIngest({ kept })]
    workers = await startCrashingWorkers(chain, workersAtOnce)
  })
  afterAll(async () => {
    await workers.close()
    await queue.close()
    await chain.close()
  })

  /** Sends every delivery in its order, a few at a time, to one ingest after the other. */
  async function deliver(events: readonly StoryEvent[]): Promise<number> {
    const deliveries = events
      .flatMap((event) => event.sendAt.map((at) => ({ event, at })))
      .toSorted((a, b) => a.at - b.at)
    const kills = fc.sample(fc.nat(lifetime), { seed, numRuns: deliveries.length / lifetime })
    const killsAt = new Set(kills.map((at, place) => at + place * lifetime))
    const waiting = deliveries.entries()
    const sendAll = async () => {
      // The senders share the iterator, so each delivery has one of them.
      for (const [index, { event }] of waiting) {
        if (killsAt.has(index)) workers.killOne(index)
        const { svixId, svixTimestamp: timestamp, body } = event
        const sent = await ingests[index % ingests.length]?.send(body, { svixId, timestamp })
        expect(sent?.status).toBe(200)
      }
    }
    await Promise.all(Array.from({ length: sendersAtOnce }, sendAll))
    return killsAt.size
  }

  const countUndone = async () => {
    const { waiting, active, delayed } = await bullQueueOf(queue).getJobCounts()
    return (waiting ?? 0) + (active ?? 0) + (delayed ?? 0)
  }

  test(`${stories} stories at once end as each does in order, however often workers are killed, with seed ${seed}`, async () => {
    const told = fc
      .sample(steps, { seed, numRuns: stories })
      .map((story) => tell(story, Date.now() - ageMs))
    expect(await deliver(told.flat())).toBeGreaterThan(3)
    await vi.waitFor(async () => expect(await countUndone()).toBe(0), {
      timeout: 60_000,
      interval: 100,
    })

    expect((await bullQueueOf(queue).getFailed()).map((job) => job.failedReason)).toEqual([])
    for (const events of told) {
      expect(await readFacts(chain.db, events)).toEqual(expectedFacts(events))
    }
  }, 120_000)
})

interface CrashingWorkers {
  /** Kills one of them without a warning and starts another. */
  killOne(pick: number): void
  close(): Promise<void>
}

/** Workers as processes of their own. Resolves when all have started. */
async function startCrashingWorkers(chain: Chain, count: number): Promise<CrashingWorkers> {
  const start = () => forkWorker(chain, workerSettings)
  const workers = Array.from({ length: count }, start)
  await Promise.all(workers.map((worker) => once(worker, 'message')))

  async function end(worker: ChildProcess): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return
    const ended = once(worker, 'exit')
    worker.kill('SIGKILL')
    await ended
  }

  return {
    killOne(pick) {
      const place = pick % workers.length
      workers[place]?.kill('SIGKILL')
      workers[place] = start()
    },
    async close() {
      await Promise.all(workers.map(end))
    },
  }
}
