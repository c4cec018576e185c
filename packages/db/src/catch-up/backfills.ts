import type { Database } from '../database.ts'
import type { Prisma } from '../generated/client.ts'

/** How far a backfill of one entity came. */
export interface BackfillState {
  /** Where to go on; null at the start. */
  readonly position: unknown
  readonly counts: { readonly [outcome: string]: number }
}

/** The backfill of this entity that was not finished, or undefined. */
export async function readBackfill(
  db: Database,
  entity: string,
): Promise<BackfillState | undefined> {
  const row = await db.prisma.backfill.findUnique({ where: { entity } })
  if (!row || row.finished_at !== null) return undefined
  return { position: row.position, counts: row.counts as BackfillState['counts'] }
}

/** Forgets the backfill before and begins one at the start. */
export async function startBackfill(db: Database, entity: string): Promise<void> {
  const begun = { counts: {}, started_at: new Date(), updated_at: new Date(), finished_at: null }
  await db.prisma.backfill.upsert({
    where: { entity },
    create: { entity, ...begun },
    update: { ...begun, position: null as never },
  })
}

/** Says how far it came: what is before `position` is written. */
export async function saveBackfill(
  db: Database,
  entity: string,
  { position, counts }: BackfillState,
): Promise<void> {
  await db.prisma.backfill.update({
    where: { entity },
    data: {
      position: position as Prisma.InputJsonValue,
      counts,
      updated_at: new Date(),
    },
  })
}

export async function finishBackfill(
  db: Database,
  entity: string,
  counts: BackfillState['counts'],
): Promise<void> {
  const now = new Date()
  await db.prisma.backfill.update({
    where: { entity },
    data: { counts, updated_at: now, finished_at: now },
  })
}
