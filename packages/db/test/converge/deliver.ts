import type { Database, WriteRules } from '../../src/index.ts'
import { applyAll } from '../tables.ts'
import { failAt } from './failing-writer.ts'
import type { Crash } from './history.ts'
import { toChange } from './to-change.ts'
import type { HistoryEvent } from './world/world.ts'

interface Arrival {
  readonly event: HistoryEvent
  /** Whether the batch ends here. */
  readonly cut: boolean
  readonly crash: Crash | undefined
}

/**
 * Every delivery, duplicates too, in its own order, by all writers at once. The batch of a writer that
 * dies comes back, to any of them, as the queue's jobs do: soon, late, cut in other places.
 */
export async function deliver(
  writers: readonly Database[],
  events: readonly HistoryEvent[],
  rules: WriteRules,
): Promise<void> {
  const arrivals = events
    .flatMap((event) => event.deliveries.map((delivery) => ({ event, ...delivery })))
    .toSorted((a, b) => a.at - b.at)
  const waiting: Arrival[][] = writers.map((_, place) =>
    arrivals.filter(({ writer }) => writer % writers.length === place),
  )

  async function work(db: Database, place: number): Promise<void> {
    const own = waiting[place] ?? []
    while (own.length > 0) {
      const end = own.findIndex(({ cut }) => cut)
      const batch = own.splice(0, end < 0 ? own.length : end + 1)
      const crash = batch[0]?.crash
      if (!crash) await write(db, batch, rules)
      else {
        await writeUntil(crash, db, batch, rules)
        const successor = waiting[(place + crash.successor) % waiting.length]
        successor?.splice(crash.later, 0, ...again(batch, crash))
      }
    }
  }

  // Whose work is done may still inherit.
  while (waiting.some((own) => own.length > 0)) await Promise.all(writers.map(work))
}

async function write(db: Database, batch: readonly Arrival[], rules: WriteRules): Promise<void> {
  await applyAll(
    db,
    batch.map(({ event }) => toChange(event)),
    rules,
  )
}

async function writeUntil(
  crash: Crash,
  db: Database,
  batch: readonly Arrival[],
  rules: WriteRules,
): Promise<void> {
  const writer = failAt(db, crash)
  try {
    await write(writer, batch, rules)
  } catch (error) {
    if (!writer.isDead()) throw error
  }
}

const again = (batch: readonly Arrival[], { batchSize }: Crash): Arrival[] =>
  batch.map(({ event }, place) => ({
    event,
    cut: (place + 1) % batchSize === 0,
    crash: undefined,
  }))
