import { changeFromApi } from '@clerk-sync/events'
import type { ClerkObject, Entity } from '@clerk-sync/events'
import type { RowIds } from './confirm.ts'

/** The columns by which Clerk can be asked for what it has listed. */
export function rowOf(entity: Entity, item: ClerkObject): RowIds {
  const change = changeFromApi(entity, item)
  const row = change?.kind === 'upsert' ? change.value.row : {}
  return { ...row, id: String(item['id']) }
}
