import type { Change } from './change.ts'
import type { Database } from './database.ts'
import { isDeleted } from './deleted.ts'
import { readExistingState } from './statements/read-existing-state.ts'

/** Of these changes those whose entity is gone, by itself or with its owner. */
export async function findDeleted(db: Database, changes: readonly Change[]): Promise<Set<Change>> {
  const { tombstones } = await db.transaction((tx) => readExistingState(tx, changes, new Map()))
  return new Set(
    changes.filter((change) => change.kind !== 'none' && isDeleted(change, tombstones)),
  )
}
