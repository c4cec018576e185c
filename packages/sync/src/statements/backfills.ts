import type { Database } from '@clerk-sync/db'

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
): Promise<(BackfillState & { readonly isFinished: boolean }) | undefined> {
  return db.transaction(async (tx) => {
    const [row] = await tx.$queryRawUnsafe<(BackfillState & { isFinished: boolean })[]>(
      `SELECT position, counts, finished_at IS NOT NULL AS "isFinished"
       FROM clerk.backfills WHERE entity = $1`,
      entity,
    )
    return row
  })
}

/** Forgets the backfills before and begins one of these entities, each at its start. */
export async function startBackfill(db: Database, entities: readonly string[]): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe(
      `INSERT INTO clerk.backfills AS known (entity, counts)
       SELECT entity, '{}' FROM unnest($1::text[]) AS entity ORDER BY entity COLLATE "C"
       ON CONFLICT (entity) DO UPDATE SET position = NULL, counts = EXCLUDED.counts,
         started_at = now(), updated_at = now(), finished_at = NULL`,
      entities,
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
    tx.$executeRawUnsafe(
      `UPDATE clerk.backfills SET position = $2::jsonb, counts = $3::jsonb, updated_at = now()
       WHERE entity = $1`,
      entity,
      JSON.stringify(position),
      JSON.stringify(counts),
    ),
  )
}

export async function finishBackfill(
  db: Database,
  entity: string,
  counts: BackfillState['counts'],
): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe(
      `UPDATE clerk.backfills SET counts = $2::jsonb, updated_at = now(), finished_at = now()
       WHERE entity = $1`,
      entity,
      JSON.stringify(counts),
    ),
  )
}
