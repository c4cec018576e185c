import type { Database } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/events'

/** How far a backfill of one entity came. */
export interface BackfillState {
  /** Where to go on; null at the start. */
  readonly position: unknown
  readonly counts: { readonly [outcome: string]: number }
}

/** The last backfill of this entity, or undefined where there was none. */
export async function readBackfill(
  db: Database,
  entity: string,
): Promise<
  (BackfillState & { readonly isFinished: boolean; readonly refill: boolean }) | undefined
> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<BackfillState & { isFinished: boolean; refill: boolean }>(
      `SELECT position, counts, finished_at IS NOT NULL AS "isFinished", refill
       FROM clerk.backfills WHERE entity = $1`,
      entity,
    )
    return row
  })
}

/** Forgets the backfills before and begins one of these entities, each at its start. */
export async function startBackfill(
  db: Database,
  entities: readonly string[],
  refill: boolean,
): Promise<void> {
  await db.transaction((tx) =>
    tx.execute(
      `INSERT INTO clerk.backfills AS known (entity, counts, refill)
       SELECT entity, '{}', $2 FROM unnest($1::text[]) AS entity ORDER BY entity COLLATE "C"
       ON CONFLICT (entity) DO UPDATE SET position = NULL, counts = EXCLUDED.counts,
         refill = EXCLUDED.refill, started_at = now(), updated_at = now(), finished_at = NULL`,
      entities,
      refill,
    ),
  )
}

/** Says how far it came: what is before `position` is written. */
export async function saveBackfill(
  db: Database,
  entity: string,
  { position, counts }: BackfillState,
): Promise<void> {
  await db.transaction((tx) =>
    tx.execute(
      `UPDATE clerk.backfills SET position = $2::jsonb, counts = $3::jsonb, updated_at = now()
       WHERE entity = $1`,
      entity,
      JSON.stringify(position),
      JSON.stringify(counts),
    ),
  )
}

/** Says that all of an entity is read. Where that was a refill, its rows lack no field any more. */
export async function finishBackfill(
  db: Database,
  { name, table }: Pick<Entity, 'name' | 'table'>,
  counts: BackfillState['counts'],
): Promise<void> {
  await db.transaction(async (tx) => {
    const [row] = await tx.query<{ refill: boolean }>(
      `UPDATE clerk.backfills SET counts = $2::jsonb, updated_at = now(), finished_at = now()
       WHERE entity = $1 RETURNING refill`,
      name,
      JSON.stringify(counts),
    )
    if (row?.refill) {
      await tx.execute(
        `UPDATE clerk.deployment SET unfilled = ARRAY(
           SELECT field FROM unnest(unfilled) AS field WHERE split_part(field, '.', 1) <> $1
         )`,
        table,
      )
    }
  })
}
