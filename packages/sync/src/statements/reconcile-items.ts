import type { Entity } from '@clerk-sync/events'
import { ownerColumn } from '@clerk-sync/events'
import { lockTables } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { assertWhole } from './reconcile-runs.ts'

/**
 * How the tables differ from Clerk. `missing`: Clerk has it, here is no row. `stale`: the row is older
 * than Clerk's. `extra`: a living row of what Clerk no longer has. `resurrected`: Clerk has it, here
 * it is deleted.
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

// However large the table is, a statement looks at so many of its rows.
const chunkRows = 10_000

/**
 * Notes a page of Clerk's list and returns in what it differs from the table. What changed in Clerk
 * after `since` is noted, but is no drift. An updated_at of more than a day later says nothing: such an
 * entry is drift only where its row is missing or deleted.
 */
export async function notePage(
  db: Database,
  { runId, entity, since }: Comparison,
  page: readonly Listed[],
): Promise<Map<string, Drift>> {
  const rows = await db.transaction((tx) =>
    tx.query<{ id: string; drift: Drift | null }>(
      `INSERT INTO clerk.reconcile_items AS item (run_id, entity, id, drift, clerk_updated_at)
       SELECT DISTINCT ON (listed.id) $1, $2, listed.id,
         CASE
           WHEN listed.updated_at > $5::float8 AND listed.updated_at <= $6::float8 THEN NULL
           WHEN tombstone.recorded_at >= to_timestamp($5::float8 / 1000) THEN NULL
           WHEN tombstone.id IS NOT NULL OR known.deleted_at IS NOT NULL THEN 'resurrected'
           WHEN known.id IS NULL THEN 'missing'
           WHEN listed.updated_at <= $6::float8
             AND known.updated_at < to_timestamp(listed.updated_at / 1000) THEN 'stale'
         END,
         to_timestamp(listed.updated_at / 1000)
       FROM unnest($3::text[], $4::float8[]) AS listed(id, updated_at)
       LEFT JOIN clerk.${entity.table} AS known USING (id)
       LEFT JOIN clerk.tombstones AS tombstone ON tombstone.entity = $2 AND tombstone.id = listed.id
       ORDER BY listed.id, listed.updated_at DESC
       ON CONFLICT (run_id, entity, id) DO UPDATE
       SET drift = EXCLUDED.drift, clerk_updated_at = EXCLUDED.clerk_updated_at
       RETURNING id, drift`,
      runId,
      entity.name,
      page.map(({ id }) => id),
      page.map(({ updatedAt }) => updatedAt),
      since,
      since + 24 * 60 * 60_000,
    ),
  )
  return new Map(rows.flatMap(({ id, drift }) => (drift === null ? [] : [[id, drift] as const])))
}

/** A row by its columns: its id, and those of its owners. */
interface RowIds {
  readonly [column: string]: unknown
  readonly id: string
}

/**
 * The living rows behind `after` that the walk did not see, some thousand rows of the table at a
 * time. `last` is where to go on, undefined at the end. What Clerk created after `since` is left
 * out: its lists may be behind.
 */
export async function readUnseen(
  db: Database,
  { runId, entity, since }: Comparison,
  after: string,
): Promise<{ rows: RowIds[]; last: string | undefined }> {
  const owners = entity.partOf.map(ownerColumn)
  const shown = ['id', ...owners].map((column) => `'${column}', chunk.${column}`).join(', ')
  return db.transaction(async (tx) => {
    await assertWhole(tx, runId)
    // With LIMIT the planner can only look each id up: it knows nothing of a table just filled.
    const [found] = await tx.query<{ rows: RowIds[]; last: string | null }>(
      `WITH chunk AS (
         SELECT ${['id', 'deleted_at', 'created_at', 'synced_at', ...owners].join(', ')}
         FROM clerk.${entity.table} WHERE id > $3 ORDER BY id LIMIT ${chunkRows}
       )
       SELECT (SELECT max(id) FROM chunk) AS last, coalesce((
         SELECT jsonb_agg(jsonb_build_object(${shown}) ORDER BY chunk.id)
         FROM chunk
         LEFT JOIN LATERAL (
           SELECT true AS is_seen FROM clerk.reconcile_items AS item
           WHERE item.run_id = $1 AND item.entity = $2 AND item.id = chunk.id LIMIT 1
         ) AS item ON true
         WHERE chunk.deleted_at IS NULL AND item.is_seen IS NULL
           AND coalesce(chunk.created_at, chunk.synced_at) < to_timestamp($4::float8 / 1000)
       ), '[]') AS rows`,
      runId,
      entity.name,
      after,
      since,
    )
    return { rows: found?.rows ?? [], last: found?.last ?? undefined }
  })
}

/** Notes ids as drift of a kind, or with null as none. */
export async function noteDrift(
  db: Database,
  { runId, entity }: Comparison,
  ids: readonly string[],
  drift: Drift | null,
): Promise<void> {
  await db.transaction((tx) =>
    tx.execute(
      `INSERT INTO clerk.reconcile_items AS item (run_id, entity, id, drift)
       SELECT $1, $2, id, $4::text FROM unnest($3::text[]) AS id
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
 * brought it meanwhile. Either of these ids, or of those behind `after`, some thousand at a time;
 * `last` is where to go on, undefined at the end.
 */
export async function settleDrift(
  db: Database,
  { runId, entity }: Comparison,
  which: { readonly after: string } | { readonly ids: readonly string[] },
): Promise<{ left: { id: string; drift: Drift }[]; last: string | undefined }> {
  const range = 'ids' in which ? 'id = ANY($3::text[])' : 'id > $3'
  return db.transaction(async (tx) => {
    await assertWhole(tx, runId)
    const rows = await tx.query<{ id: string; drift: Drift; is_left: boolean }>(
      `WITH noted AS MATERIALIZED (
         SELECT id, drift, clerk_updated_at FROM clerk.reconcile_items
         WHERE run_id = $1 AND entity = $2 AND drift IS NOT NULL AND ${range}
         ORDER BY id LIMIT ${chunkRows}
       )
       SELECT noted.id, noted.drift, coalesce(CASE noted.drift
         WHEN 'missing' THEN known.id IS NULL AND tombstone.id IS NULL
         WHEN 'stale' THEN known.deleted_at IS NULL AND known.updated_at < noted.clerk_updated_at
         WHEN 'extra' THEN known.id IS NOT NULL AND known.deleted_at IS NULL AND tombstone.id IS NULL
         WHEN 'resurrected' THEN tombstone.id IS NOT NULL OR known.deleted_at IS NOT NULL
       END, false) AS is_left
       FROM noted
       LEFT JOIN clerk.${entity.table} AS known USING (id)
       LEFT JOIN clerk.tombstones AS tombstone ON tombstone.entity = $2 AND tombstone.id = noted.id
       ORDER BY noted.id`,
      runId,
      entity.name,
      'ids' in which ? which.ids : which.after,
    )
    return {
      left: rows.filter((row) => row.is_left).map(({ id, drift }) => ({ id, drift })),
      last: rows.length < chunkRows ? undefined : rows.at(-1)?.id,
    }
  })
}

/** Removes the tombstones of ids that Clerk has, so that they can be written again. */
export async function removeTombstones(
  db: Database,
  entity: Entity,
  ids: readonly string[],
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockTables(tx, true)
    await tx.execute(
      'DELETE FROM clerk.tombstones WHERE entity = $1 AND id = ANY($2::text[])',
      entity.name,
      ids,
    )
    const deleted = await tx.query<{ id: string }>(
      `DELETE FROM clerk.${entity.table}
       WHERE id = ANY($1::text[]) AND deleted_at IS NOT NULL RETURNING id`,
      ids,
    )
    for (const { table, parentColumn } of entity.children) {
      await tx.execute(
        `DELETE FROM clerk.${table} WHERE ${parentColumn} = ANY($1::text[])`,
        deleted.map(({ id }) => id),
      )
    }
  })
}
