import type { Database, WriteRules } from '../../src/index.ts'
import { applyAll } from '../tables.ts'
import { doom } from './failing-writer.ts'
import type { Deletion } from './history.ts'
import { toChange } from './to-change.ts'
import type { HistoryEvent } from './world/world.ts'

interface Arrival {
  readonly event: HistoryEvent
  /** Whether the batch ends here. */
  readonly cut: boolean
  readonly death: Deletion | undefined
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
      const death = batch[0]?.death
      if (!death) await write(db, batch, rules)
      else {
        await writeUntil(death, db, batch, rules)
        const heir = waiting[(place + death.heir) % waiting.length]
        heir?.splice(death.later, 0, ...again(batch, death))
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
  death: Deletion,
  db: Database,
  batch: readonly Arrival[],
  rules: WriteRules,
): Promise<void> {
  const writer = doom(db, death)
  try {
    await write(writer, batch, rules)
  } catch (error) {
    if (!writer.isDead()) throw error
  }
}

const again = (batch: readonly Arrival[], { batchSize }: Deletion): Arrival[] =>
  batch.map(({ event }, place) => ({
    event,
    cut: (place + 1) % batchSize === 0,
    death: undefined,
  }))
