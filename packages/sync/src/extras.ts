import { noteDrift, readUnseen } from './statements/reconcile-items.ts'
import type { Comparison } from './statements/reconcile-items.ts'
import { readOnes } from './confirm.ts'
import type { RowIds } from './confirm.ts'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { ReconcileOptions } from './reconcile-options.ts'

const rowsAtOnce = 100

/**
 * The living rows that Clerk no longer has: the walk did not see them, and a second read of each id
 * says that there is none. Looks no further once there are more than `most`.
 */
export async function findExtras(
  options: ReconcileOptions,
  comparison: Comparison,
  most = Infinity,
): Promise<RowIds[]> {
  const { db, api, signal } = options
  const extras: RowIds[] = []
  let after: string | undefined = ''
  while (after !== undefined && extras.length <= most) {
    const from: string = after
    const { rows, last } = await retryWhileUnavailable(options, () =>
      readUnseen(db, comparison, from),
    )
    after = last
    for (let start = 0; start < rows.length && extras.length <= most; start += rowsAtOnce) {
      const some = rows.slice(start, start + rowsAtOnce)
      const there = await readOnes(api, comparison.entity, some)
      signal.throwIfAborted()
      const gone = some.filter(({ id }) => there.get(id) === null)
      if (gone.length === 0) continue
      const ids = gone.map(({ id }) => id)
      await retryWhileUnavailable(options, () => noteDrift(db, comparison, ids, 'extra'))
      extras.push(...gone)
    }
  }
  return extras
}
