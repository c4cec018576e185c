import { everything, selectKept } from '@clerk-sync/events'
import type { OpenQueue } from '@clerk-sync/queue'
import { bullQueueOf, toJobId } from '@clerk-sync/queue/bullmq'
import { expect, test, vi } from 'vitest'
import { openChain } from '../chain/chain.ts'
import type { Chain } from '../chain/chain.ts'
import { buildOddEvent } from './odd-events.ts'
import { createRandom, inParallel, runsOr, seed } from './random.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const runs = runsOr(300)
// One or two of a thousand are larger: refused by their length.
const bodyLimitBytes = 512 * 1024
// More than that may be in memory and not yet written.
const perRound = 2_000

test(
  'signed events of odd shapes are refused with 400, or end in the ledger or in the failed set with a reason',
  async () => {
    process.stdout.write(`${runs} runs, seed ${seed}\n`)
    const { chain, opened } = await openChain('redis')
    const kept = selectKept(everything)
    const ingest = await chain.startIngest({ kept })
    await chain.startWorker({ kept })
    const answers = new Map<number, number>()
    let failed = 0

    for (let first = 0; first < runs; first += perRound) {
      const acknowledged: string[] = []
      await inParallel(Math.min(perRound, runs - first), 16, async (number) => {
        const event = buildOddEvent(createRandom(seed + first + number))
        const { status } = await ingest.send(event.body, { svixId: event.svixId })
        answers.set(status, (answers.get(status) ?? 0) + 1)
        const isTooLarge = Buffer.byteLength(event.body) > bodyLimitBytes
        const expected = isTooLarge ? /: 413$/ : /: (200|400)$/
        expect(`run ${first + number} of seed ${seed}: ${status}`).toMatch(expected)
        if (status === 200) acknowledged.push(event.svixId)
      })
      failed += await untilAccounted(chain, opened, new Set(acknowledged))
    }
    // Without this, a generator that only makes nonsense would pass.
    expect(answers.get(200)).toBeGreaterThan(runs / 2)
    expect(failed).toBeLessThan(runs / 2)
  },
  120_000 + runs * 200,
)

// On a busy machine events may wait for long; what neither waits nor is written is lost.
const longestWaitMs = 300_000

/**
 * Waits until each event is in the ledger, or in the failed set with a reason, and returns how many
 * failed. Fails at once when an event is nowhere.
 */
async function untilAccounted(
  chain: Chain,
  opened: OpenQueue,
  missing: Set<string>,
): Promise<number> {
  const queue = bullQueueOf(opened)
  let failed = 0
  const lost: string[] = []
  await vi.waitFor(
    async () => {
      // The job first: it leaves the queue after its row is written.
      const states = await Promise.all(
        [...missing].map(async (id) => [id, await queue.getJobState(toJobId(id))] as const),
      )
      for (const [id, state] of states) {
        const job = state === 'failed' ? await queue.getJob(toJobId(id)) : undefined
        if (!job?.failedReason) continue
        missing.delete(id)
        // A long run would have too many of them.
        await job.remove()
        failed += 1
      }
      const ids = [...missing]
      const rows = await prismaOf(chain.db).webhookEvent.findMany({ where: { id: { in: ids } } })
      for (const { id } of rows) missing.delete(id)
      const waiting = states.filter(([id]) => missing.has(id))
      lost.push(...waiting.filter(([, state]) => state === 'unknown').map(([id]) => id))
      if (lost.length === 0 && waiting.length > 0) {
        throw new Error(`these still wait: ${waiting.slice(0, 5).join('; ')}`)
      }
    },
    { timeout: longestWaitMs, interval: 500 },
  )
  expect(lost, 'neither in the queue nor in the ledger').toEqual([])
  return failed
}
