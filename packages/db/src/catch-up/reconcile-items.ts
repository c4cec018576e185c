import type { Entity } from '@clerk-sync/entities'
import type { Database } from '../database.ts'

/**
 * How the tables differ from Clerk. `missing`: Clerk has it, here is no row. `stale`: the row is older
 * than Clerk's. `extra`: a living row of what Clerk no longer has. `resurrected`: Clerk has it, here
 * it is marked as deleted.
 */
export const drifts = ['missing', 'stale', 'extra', 'resurrected'] as const
export type Drift = (typeof drifts)[number]

/** One thing as Clerk lists it; `updatedAt` in milliseconds. */
export interface Listed {
  readonly id: string
  readonly updatedAt: number
}

export interface Comparison {
  readonly runId: string
  readonly entity: Entity
  /** Milliseconds: what changed in Clerk since is on its way by webhook. */
  readonly since: number
}

const differs = (table: string) => `
  FROM unnest($3::text[], $4::float8[]) AS listed(id, updated_at)
  LEFT JOIN clerk.${table} AS known USING (id)
  LEFT JOIN clerk.tombstones AS mark ON mark.entity = $2 AND mark.id = listed.id`

/**
 * Notes a page of Clerk's list and returns in what it differs from the table. What changed in Clerk
 * after `since` is noted, but is no drift.
 */
export async function notePage(
  db: Database,
  { runId, entity, since }: Comparison,
  page: readonly Listed[],
): Promise<Map<string, Drift>> {
  const rows = await db.transaction((tx) =>
    tx.$queryRawUnsafe<{ id: string; drift: Drift | null }[]>(
      `INSERT INTO clerk.reconcile_items AS item (run_id, entity, id, drift, clerk_updated_at)
       SELECT DISTINCT ON (listed.id) $1, $2, listed.id,
         CASE
           WHEN listed.updated_at > $5 THEN NULL
           WHEN mark.id IS NOT NULL OR known.deleted_at IS NOT NULL THEN 'resurrected'
           WHEN known.id IS NULL THEN 'missing'
           WHEN known.updated_at < to_timestamp(listed.updated_at / 1000) THEN 'stale'
         END,
         to_timestamp(listed.updated_at / 1000)
       ${differs(entity.table)}
       ORDER BY listed.id, listed.updated_at DESC
       ON CONFLICT (run_id, entity, id) DO NOTHING
       RETURNING id, drift`,
      runId,
      entity.name,
      page.map(({ id }) => id),
      page.map(({ updatedAt }) => updatedAt),
      since,
    ),
  )
  return new Map(rows.flatMap(({ id, drift }) => (drift === null ? [] : [[id, drift] as const])))
}

/** Living rows, written before `since`, that the walk did not see; at most `limit`, behind `after`. */
export async function readUnseen(
  db: Database,
  { runId, entity, since }: Comparison,
  { after, limit }: { after: string; limit: number },
): Promise<{ [column: string]: unknown; id: string }[]> {
  const columns = entity.partOf.map((owner) => `known.${owner}_id`)
  return db.transaction((tx) =>
    tx.$queryRawUnsafe<{ id: string }[]>(
      `SELECT ${['known.id', ...columns].join(', ')}
       FROM clerk.${entity.table} AS known
       WHERE known.id > $3 AND known.deleted_at IS NULL
         AND known.synced_at < to_timestamp($4::float8 / 1000)
         AND NOT EXISTS (
           SELECT FROM clerk.reconcile_items AS item
           WHERE item.run_id = $1 AND item.entity = $2 AND item.id = known.id
         )
       ORDER BY known.id LIMIT $5`,
      runId,
      entity.name,
      after,
      since,
      limit,
    ),
  )
}

/** Notes an id as drift of its own kind. */
export async function noteDrift(
  db: Database,
  { runId, entity }: Comparison,
  ids: readonly string[],
  drift: Drift,
): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe(
      `INSERT INTO clerk.reconcile_items AS item (run_id, entity, id, drift)
       SELECT $1, $2, id, $4 FROM unnest($3::text[]) AS id
       ON CONFLICT (run_id, entity, id) DO UPDATE SET drift = EXCLUDED.drift`,
      runId,
      entity.name,
      ids,
      drift,
    ),
  )
}

/**
 * What is left of the drift that was noted, after another look at the table: webhooks may have
 * brought it meanwhile. Returns the count of each kind and the first ids.
 */
export async function settleDrift(
  db: Database,
  { runId, entity }: Comparison,
  firstIds: number,
): Promise<Map<Drift, { count: number; ids: string[] }>> {
  const rows = await db.transaction((tx) =>
    tx.$queryRawUnsafe<{ drift: Drift; count: number; ids: string[] }[]>(
      `SELECT drift, count(*)::int AS count,
              (array_agg(id ORDER BY id))[1:$3::int] AS ids
       FROM clerk.reconcile_items AS item
       LEFT JOIN clerk.${entity.table} AS known USING (id)
       LEFT JOIN clerk.tombstones AS mark ON mark.entity = $2 AND mark.id = item.id
       WHERE item.run_id = $1 AND item.entity = $2 AND CASE item.drift
         WHEN 'missing' THEN known.id IS NULL AND mark.id IS NULL
         WHEN 'stale' THEN known.deleted_at IS NULL AND known.updated_at < item.clerk_updated_at
         WHEN 'extra' THEN known.id IS NOT NULL AND known.deleted_at IS NULL AND mark.id IS NULL
         WHEN 'resurrected' THEN mark.id IS NOT NULL OR known.deleted_at IS NOT NULL
       END
       GROUP BY drift`,
      runId,
      entity.name,
      firstIds,
    ),
  )
  return new Map(rows.map(({ drift, count, ids }) => [drift, { count, ids }]))
}
