import type { Change } from '../change.ts'
import { entityKey } from '../decide.ts'
import type { Transaction } from '../transaction.ts'

const statement = `
  SELECT ARRAY(SELECT id FROM clerk.webhook_events WHERE id = ANY($1::text[])) AS events,
         ARRAY(
           SELECT entity || ' ' || id
           FROM clerk.tombstones
           JOIN unnest($2::text[], $3::text[]) AS touched(entity, id) USING (entity, id)
         ) AS tombstones`

/** Which of a batch's events are in the ledger, and which of its entities have a tombstone. */
export async function readMarks(
  tx: Transaction,
  changes: readonly Change[],
): Promise<{ events: Set<string>; tombstones: Set<string> }> {
  const touched = new Map(
    changes
      .filter((change) => change.kind !== 'none')
      .map((change) => [entityKey(change.entity, change.id), change] as const),
  )
  const [marks] = await tx.$queryRawUnsafe<[{ events: string[]; tombstones: string[] }]>(
    statement,
    changes.map((change) => change.event.id),
    Array.from(touched.values(), (change) => change.entity.name),
    Array.from(touched.values(), (change) => change.id),
  )
  return { events: new Set(marks.events), tombstones: new Set(marks.tombstones) }
}
