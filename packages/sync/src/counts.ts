import type { ChangeResult } from '@clerk-sync/db'

/** What became of the things that were read. */
export interface Counts {
  readonly created: number
  readonly updated: number
  readonly unchanged: number
  /** Here is something newer, or a tombstone. */
  readonly stale: number
  readonly failed: number
}

export const noCounts: Counts = { created: 0, updated: 0, unchanged: 0, stale: 0, failed: 0 }

/** The counts with those of these results. */
export function addTo(counts: Counts, results: readonly ChangeResult[]): Counts {
  const sum = { ...counts }
  for (const result of results) sum[kindOf(result)] += 1
  return sum
}

export const totalOf = (counts: Counts) =>
  Object.values(counts).reduce((sum: number, count: number) => sum + count, 0)

function kindOf(result: ChangeResult): keyof Counts {
  if (!result.ok) return 'failed'
  if (result.outcome === 'applied') {
    if (result.isNew) return 'created'
    return result.changed?.length ? 'updated' : 'unchanged'
  }
  return result.isSame ? 'unchanged' : 'stale'
}
