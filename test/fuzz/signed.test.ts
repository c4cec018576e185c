import { everything, selectKept } from '@clerk-sync/events'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { expect, test, vi } from 'vitest'
import { openChain } from '../chain/chain.ts'
import { buildOddEvent } from './odd-events.ts'
import { createRandom, inParallel, runsOr, seed } from './random.ts'

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
      const acknowledged: { svixId: string; body: string }[] = []
      await inParallel(Math.min(perRound, runs - first), 16, async (number) => {
        const event = buildOddEvent(createRandom(seed + first + number))
        const { status } = await ingest.send(event.body, { svixId: event.svixId })
        answers.set(status, (answers.get(status) ?? 0) + 1)
        const isTooLarge = Buffer.byteLength(event.body) > bodyLimitBytes
        const expected = isTooLarge ? /: 413$/ : /: (200|400)$/
        expect(`run ${first + number} of seed ${seed}: ${status}`).toMatch(expected)
        if (status === 200) acknowledged.push(event)
      })
      const missing = new Map(acknowledged.map((event) => [event.svixId, event.body]))
      await vi.waitFor(
        async () => {
          const ids = [...missing.keys()]
          const rows = await chain.db.prisma.webhookEvent.findMany({ where: { id: { in: ids } } })
          for (const { id } of rows) missing.delete(id)
          for (const job of await bullQueueOf(opened).getFailed(0, 199)) {
            if (!job.failedReason) continue
            missing.delete((job.data as { svixId: string }).svixId)
            // A long run would have too many of them to be read at once.
            await job.remove()
            failed += 1
          }
          expect([...missing].slice(0, 5)).toEqual([])
        },
        { timeout: 60_000, interval: 500 },
      )
    }
    // Without this, a generator that only makes nonsense would pass.
    expect(answers.get(200)).toBeGreaterThan(runs / 2)
    expect(failed).toBeLessThan(runs / 2)
  },
  120_000 + runs * 200,
)
