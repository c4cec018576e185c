import type { Change } from './change.ts'
import type { Database } from './database.ts'
import { isGone } from './deaths.ts'
import { readMarks } from './statements/read-marks.ts'

/** Of these changes those whose entity is gone, by itself or with its owner. */
export async function findGone(db: Database, changes: readonly Change[]): Promise<Set<Change>> {
  const { tombstones } = await db.transaction((tx) => readMarks(tx, changes, new Map()))
  return new Set(changes.filter((change) => change.kind !== 'none' && isGone(change, tombstones)))
}
