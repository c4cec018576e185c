import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '@clerk-sync/db'

/** The newest event of each type. */
export interface LastEvents {
  /** By type: when the newest event was received, in milliseconds. */
  readonly types: ReadonlyMap<string, number>
  /**
   * Since when the ledger was looked at, in milliseconds: what is older is not known yet. Undefined once
   * all of it was.
   */
  readonly since: number | undefined
}

export interface LastEventsReader {
  /** Reads what is new. What is old is read meanwhile, until all is known. */
  read(): Promise<LastEvents>
  close(): Promise<void>
}

// Some 50 ms each.
const chunkRows = 20_000
const pauseMs = 100
// An event that waited for its retries for long is not among the newest when it is recorded.
const allAgainMs = 6 * 60 * 60_000

/**
 * Finds the newest event of each type in the ledger. It has no index by type, which every event would pay
 * for: so the ledger is read once, from its newest row back, in chunks with pauses between them, and from
 * then on only its newest rows.
 */
export function createLastEvents(db: Database, rowsAtOnce = chunkRows): LastEventsReader {
  const types = new Map<string, number>()
  const closing = new AbortController()
  let newest: number | undefined
  // Where the reading back goes on; undefined at the start of the ledger.
  let since: number | undefined
  let completeAt: number | undefined
  let goingBack: Promise<void> | undefined

  async function readChunk(until: number | undefined) {
    const chunk = await readTypes(db, until, rowsAtOnce)
    for (const { type, last } of chunk.types) types.set(type, Math.max(types.get(type) ?? 0, last))
    return chunk
  }

  async function readNewest(): Promise<void> {
    const known = newest
    let chunk = await readChunk(undefined)
    newest = Math.max(known ?? 0, chunk.newest ?? 0)
    const until = known ?? Infinity
    while (chunk.oldest !== undefined && chunk.oldest > until) {
      chunk = await readChunk(nextAfter(chunk))
    }
    const isOld = completeAt !== undefined && Date.now() - completeAt > allAgainMs
    if (known !== undefined && !isOld) return
    since = nextAfter(chunk)
    completeAt = since === undefined ? Date.now() : undefined
  }

  async function goBack(): Promise<void> {
    while (since !== undefined && !closing.signal.aborted) {
      await sleep(pauseMs, undefined, { signal: closing.signal })
      since = nextAfter(await readChunk(since))
    }
    completeAt = Date.now()
  }

  return {
    async read() {
      await readNewest()
      if (since !== undefined && !closing.signal.aborted) {
        // Where it fails, the next reading goes on.
        goingBack ??= goBack()
          .catch(() => undefined)
          .finally(() => (goingBack = undefined))
      }
      return { types: new Map(types), since }
    },
    async close() {
      closing.abort()
      await goingBack
    },
  }
}

// Others of the oldest millisecond may not be in the chunk.
function nextAfter({ newest, oldest }: Chunk): number | undefined {
  return oldest === undefined || oldest < (newest ?? oldest) ? oldest : oldest - 1
}

interface Chunk {
  readonly types: readonly { readonly type: string; readonly last: number }[]
  readonly newest: number | undefined
  /** Undefined where nothing is older. */
  readonly oldest: number | undefined
}

async function readTypes(
  db: Database,
  until: number | undefined,
  rowsAtOnce: number,
): Promise<Chunk> {
  const rows = await db.query<{ type: string; rows: number; last: Date; oldest: Date }>(
    `SELECT type, count(*)::int AS rows, max(received_at) AS last, min(received_at) AS oldest
     FROM (
       SELECT type, received_at FROM clerk.webhook_events
       WHERE received_at <= coalesce(to_timestamp($1::float8 / 1000), 'infinity')
       ORDER BY received_at DESC LIMIT $2
     ) AS chunk GROUP BY type`,
    until ?? null,
    rowsAtOnce,
  )
  const count = rows.reduce((sum, one) => sum + one.rows, 0)
  return {
    types: rows.map(({ type, last }) => ({ type, last: last.getTime() })),
    newest: rows.length === 0 ? undefined : Math.max(...rows.map(({ last }) => last.getTime())),
    oldest:
      count < rowsAtOnce ? undefined : Math.min(...rows.map(({ oldest }) => oldest.getTime())),
  }
}
