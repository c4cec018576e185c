import type { Entity } from '@clerk-sync/events'
import type { Change, Upsert } from '../change.ts'
import { entityKey, ownerKeys } from '../deleted.ts'
import type { Transaction } from '../transaction.ts'

interface ExistingState {
  readonly events: Set<string>
  readonly tombstones: Map<string, number | null>
}

interface ExistingStateRow {
  events: string[]
  tombstones: { key: string; deleted_at: number | null }[]
}

/**
 * Which of a batch's events are in the ledger, and which of the things that it touches have a
 * tombstone. The rows that it may write are locked on the way, so that what is read of them next
 * stays true until the commit.
 */
export async function readExistingState(
  tx: Transaction,
  changes: readonly Change[],
  upserts: ReadonlyMap<Entity, readonly Upsert[]>,
): Promise<ExistingState> {
  const keys = new Set(changes.flatMap(touchedKeys))
  const [marks] = await tx.$queryRawUnsafe<[ExistingStateRow]>(
    statement([...upserts.keys()]),
    changes.map((change) => change.event.id),
    Array.from(keys, (key) => key.slice(0, key.indexOf(' '))),
    Array.from(keys, (key) => key.slice(key.indexOf(' ') + 1)),
    ...Array.from(upserts.values(), (some) => some.map((change) => change.id)),
  )
  return {
    events: new Set(marks.events),
    tombstones: new Map(marks.tombstones.map(({ key, deleted_at }) => [key, deleted_at])),
  }
}

function touchedKeys(change: Change): string[] {
  const { userId } = change.event
  const user = userId === undefined ? [] : [entityKey({ name: 'user' }, userId)]
  if (change.kind === 'none') return user
  return [entityKey(change.entity, change.id), ...ownerKeys(change), ...user]
}

// Locked in the order of their ids, and tables in one order, so that two workers never wait for each
// other.
function statement(tables: readonly Entity[]): string {
  const locks = tables.map(
    ({ table }, index) => `
      , ARRAY(
        SELECT id FROM clerk.${table} WHERE id = ANY($${index + 4}::text[]) ORDER BY id FOR UPDATE
      ) AS locked_${index}`,
  )
  return `
    SELECT ARRAY(SELECT id FROM clerk.webhook_events WHERE id = ANY($1::text[])) AS events,
           (
             SELECT coalesce(jsonb_agg(jsonb_build_object(
               'key', entity || ' ' || id,
               'deleted_at', round(extract(epoch FROM deleted_at) * 1000)
             )), '[]')
             FROM clerk.tombstones
             JOIN unnest($2::text[], $3::text[]) AS touched(entity, id) USING (entity, id)
           ) AS tombstones
           ${locks.join('')}`
}
