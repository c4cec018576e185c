import { entities, ownerColumn } from '@clerk-sync/events'
import type { Entity, Owner } from '@clerk-sync/events'
import { prepare } from './database.ts'
import type { Database, Transaction } from './database.ts'
import type { Deletion } from './decide.ts'
import { emptiedBy, emptiesLedger, personalIn, rowsDeletedWith } from './deletion-policy.ts'
import type { DeletedRows, DeletionPolicy } from './deletion-policy.ts'
import { redactLedger } from './ledger.ts'
import { lockTables } from './statements.ts'

// One transaction must end long before others give up waiting for it, and a deleted organization may
// have a million members: 10,000 take some 0.3 s.
const chunkRows = 10_000

// A worker that was killed in the middle of a cascade delete was so lately: this is looked for every
// hour.
const lookBackDays = 7
const maxOwners = 1_000

interface DeletedId {
  readonly id: string
  /** In milliseconds. */
  readonly deletedAt: number
}

/** Rows of one entity that are deleted with these owners; `column` holds the owner's id. */
export interface OwnedRows extends DeletedRows {
  readonly owners: readonly DeletedId[]
}

/**
 * Writes tombstones, and does as the policy says with the rows and with their owned rows, as far as
 * that is not too much for one transaction. Returns all their ids, and the owned rows that are left.
 * The transaction must hold the exclusive lock.
 */
export async function cascadeDelete(
  tx: Transaction,
  deletions: readonly Deletion[],
  policy: DeletionPolicy,
): Promise<{ ids: string[]; rest: OwnedRows[] }> {
  const tombstones = deletions.map(({ entity, id, tombstoneAt, row = {} }) => ({
    entity: entity.name,
    id,
    deletedAt: tombstoneAt,
    organization_id: row['organization_id'],
    user_id: row['user_id'],
    created_at: row['created_at'],
  }))
  await writeTombstones(tx, tombstones)
  const ids = deletions.map(({ id }) => id)
  const rest: OwnedRows[] = []
  for (const [entity, owners] of Map.groupBy(deletions, (deletion) => deletion.entity)) {
    const [own, ...parts] = rowsDeletedWith(entity)
    await deleteRows(tx, { ...own, owners }, policy)
    for (const part of parts) {
      const owned = { ...part, owners }
      const deleted = await deleteOwnedRows(tx, owned, policy)
      ids.push(...deleted)
      if (deleted.length === chunkRows) rest.push(owned)
    }
  }
  return { ids, rest }
}

/**
 * Deletes what was too much for the transaction that wrote the owners' tombstones, in as many further
 * ones as it takes. The owners' tombstones keep late events out meanwhile.
 */
export async function cascadeDeleteRest(
  db: Database,
  owned: OwnedRows,
  policy: DeletionPolicy,
  stopping?: AbortSignal,
): Promise<void> {
  const isStopping = () => stopping?.aborted === true
  let ids: string[]
  do {
    ids = await db.transaction(async (tx) => {
      await lockTables(tx, false)
      const deleted = await deleteOwnedRows(tx, owned, policy)
      if (emptiesLedger(policy)) await redactLedger(tx, deleted)
      return deleted
    })
  } while (ids.length === chunkRows && !isStopping())
}

/** Finishes the cascade deletes of workers that were killed: rows that stay although their owner is deleted. */
export async function finishCascadeDeletes(
  db: Database,
  policy: DeletionPolicy,
  stopping: AbortSignal,
): Promise<void> {
  for (const entity of entities) {
    for (const owner of entity.partOf) {
      if (stopping.aborted) return
      const owners = await findDeletedOwners(db, entity, owner)
      if (owners.length === 0) continue
      await cascadeDeleteRest(db, { entity, column: ownerColumn(owner), owners }, policy, stopping)
    }
  }
}

async function findDeletedOwners(
  db: Database,
  { table }: Entity,
  owner: Owner,
): Promise<DeletedId[]> {
  const rows = await db.transaction((tx) =>
    tx.query<{ id: string; deleted_at: Date }>(
      `SELECT tombstone.id, tombstone.deleted_at FROM clerk.tombstones AS tombstone
       WHERE tombstone.entity = $1 AND tombstone.deleted_at IS NOT NULL
         AND tombstone.recorded_at > now() - make_interval(days => $2::int)
         AND EXISTS (
           SELECT FROM clerk.${table} AS known
           WHERE known.${ownerColumn(owner)} = tombstone.id AND known.deleted_at IS NULL
         )
       LIMIT $3::int`,
      owner,
      lookBackDays,
      maxOwners,
    ),
  )
  return rows.map(({ id, deleted_at }) => ({ id, deletedAt: deleted_at.getTime() }))
}

async function deleteOwnedRows(
  tx: Transaction,
  owned: OwnedRows,
  policy: DeletionPolicy,
): Promise<string[]> {
  const ids = await deleteRows(tx, owned, policy)
  if (ids.length === 0) return ids
  await writeTombstones(
    tx,
    ids.map((id) => ({ entity: owned.entity.name, id, deletedAt: null })),
  )
  return ids
}

// Does with the rows as the policy says, and with their child rows; `chunkRows` of them at the most.
async function deleteRows(
  tx: Transaction,
  { entity, column, owners }: OwnedRows,
  policy: DeletionPolicy,
): Promise<string[]> {
  const statement =
    policy === 'erase' ? eraseRows(entity, column) : keepRows(entity, column, policy)
  const input = owners.map(({ id, deletedAt }) => ({ id, deleted_at: toIsoTime(deletedAt) }))
  const deleted = await tx.query<{ id: string }>(statement, JSON.stringify(input))
  const ids = deleted.map((row) => row.id)
  await deleteChildRows(tx, entity, ids, policy)
  return ids
}

const chunk = ({ table }: Entity, column: string, where = '') => `
  WITH deleted AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb) AS input(id text, deleted_at timestamptz)
  ), chunk AS (
    SELECT known.id, deleted.deleted_at
    FROM clerk.${table} AS known JOIN deleted ON known.${column} = deleted.id
    ${where} LIMIT ${chunkRows}
  )`

function eraseRows(entity: Entity, column: string): string {
  return `${chunk(entity, column)}
    DELETE FROM clerk.${entity.table} AS known USING chunk
    WHERE known.id = chunk.id RETURNING known.id`
}

// A row that has this deleted_at already, and nothing to empty, is done.
function keepRows(entity: Entity, column: string, policy: DeletionPolicy): string {
  const emptied = empty(emptiedBy(policy, entity.columns))
  const isFull = personalIn(entity.columns).map((name) => ` OR known.${name} IS NOT NULL`)
  const where = `WHERE (
      known.deleted_at IS DISTINCT FROM least(known.deleted_at, deleted.deleted_at)
      ${emptied.length > 0 ? isFull.join('') : ''}
    )`
  const assignments = [
    'deleted_at = least(known.deleted_at, chunk.deleted_at)',
    'synced_at = now()',
    ...emptied,
  ]
  return `${chunk(entity, column, where)}
    UPDATE clerk.${entity.table} AS known SET ${assignments.join(', ')}
    FROM chunk WHERE known.id = chunk.id RETURNING known.id`
}

async function deleteChildRows(
  tx: Transaction,
  { children }: Entity,
  parents: readonly string[],
  policy: DeletionPolicy,
): Promise<void> {
  if (policy === 'retain' || parents.length === 0) return
  for (const { table, parentColumn, columns } of children) {
    const emptied = empty(emptiedBy(policy, columns))
    if (policy === 'anonymize' && emptied.length === 0) continue
    const what =
      policy === 'erase'
        ? `DELETE FROM clerk.${table}`
        : `UPDATE clerk.${table} SET ${emptied.join(', ')}`
    await tx.execute(`${what} WHERE ${parentColumn} = ANY($1::text[])`, parents)
  }
}

const empty = (names: readonly string[]) => names.map((name) => `${name} = NULL`)

// Of two deletes of one id the earlier time stays, so that their order of arrival doesn't matter.
// least() passes over nulls: a deletion of its own says more than the deletion of an owner.
const insertTombstones = prepare(
  `
  INSERT INTO clerk.tombstones AS known (entity, id, deleted_at, organization_id, user_id, created_at)
  SELECT entity, id, deleted_at, organization_id, user_id, created_at
  FROM jsonb_to_recordset($1::jsonb) AS input(
    entity text, id text, deleted_at timestamptz,
    organization_id text, user_id text, created_at timestamptz
  )
  ORDER BY entity COLLATE "C", id COLLATE "C"
  ON CONFLICT (entity, id) DO UPDATE
  SET deleted_at = least(known.deleted_at, EXCLUDED.deleted_at),
      organization_id = coalesce(known.organization_id, EXCLUDED.organization_id),
      user_id = coalesce(known.user_id, EXCLUDED.user_id),
      created_at = coalesce(known.created_at, EXCLUDED.created_at)
  WHERE known.deleted_at IS DISTINCT FROM least(known.deleted_at, EXCLUDED.deleted_at)
     OR known.user_id IS DISTINCT FROM coalesce(known.user_id, EXCLUDED.user_id)`,
  'tombstones',
)

interface NewTombstone {
  readonly entity: string
  readonly id: string
  /** In milliseconds; null for what was deleted with its owner, or replaced. */
  readonly deletedAt: number | null
  readonly organization_id?: unknown
  readonly user_id?: unknown
  readonly created_at?: unknown
}

// At most one per id.
async function writeTombstones(
  tx: Transaction,
  tombstones: readonly NewTombstone[],
): Promise<void> {
  const rows = tombstones.map(({ deletedAt, ...rest }) => ({
    ...rest,
    deleted_at: deletedAt === null ? null : toIsoTime(deletedAt),
  }))
  await tx.execute(insertTombstones, JSON.stringify(rows))
}

const toIsoTime = (ms: number) => new Date(ms).toISOString()
