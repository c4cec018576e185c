import { columnTypes, userEntity } from '@clerk-sync/events'
import type { Change, ChildTable, Entity, EntityChange, LedgerEvent, Row } from '@clerk-sync/events'
import { parseJson } from '@clerk-sync/ops'
import { changedRows } from './changed-columns.ts'
import { prepare } from './database.ts'
import type { PreparedStatement, Transaction } from './database.ts'
import { entityKey, ownerKeys } from './decide.ts'
import type { ChildRows, ExistingRow, ExistingState, Outcome, Write } from './decide.ts'
import { versionOf } from './version.ts'
import type { Version } from './version.ts'

// 'clerk' in ASCII: any number serves, as long as every writer of these tables uses the same one.
const lockKey = 0x636c65726b

// Zone and notation of times are set per transaction as well as per connection: behind a pooler they
// may not be the same. The limits are below the time that a query may take (database.ts), so that
// PostgreSQL is the one to give up. Its plans are made once: planning takes longer than writing a row.
// One that was made for empty tables is kept while they grow, so it must use their indexes.
const settings = {
  timezone: 'UTC',
  datestyle: 'ISO',
  lock_timeout: '5s',
  statement_timeout: '8s',
  idle_in_transaction_session_timeout: '15s',
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
}

const lockStatement = (lock: string) => {
  const set = Object.entries(settings).map(([name, to]) => `set_config('${name}', '${to}', true)`)
  return prepare(`SELECT ${set.join(', ')}, ${lock}(${lockKey})::text`)
}
const shareTables = lockStatement('pg_advisory_xact_lock_shared')
const lockOthersOut = lockStatement('pg_advisory_xact_lock')

/**
 * Writers share the tables; a transaction that deletes locks all others out. Otherwise an upsert that
 * began before a delete was committed could bring the row back: no row says that it must not come.
 * The lock ends with the transaction.
 */
export async function lockTables(tx: Transaction, exclusive: boolean): Promise<void> {
  await tx.query(exclusive ? lockOthersOut : shareTables)
}

const selectEvents = prepare('SELECT id FROM clerk.webhook_events WHERE id = ANY($1::text[])')

const selectTombstones = prepare(`
  SELECT entity || ' ' || id AS key,
         round(extract(epoch FROM deleted_at) * 1000)::float8 AS deleted_at
  FROM unnest($1::text[], $2::text[]) AS touched(entity, id)
  JOIN clerk.tombstones USING (entity, id)`)

/**
 * Which of a batch's events are in the ledger, and which of the entities that it touches have a
 * tombstone.
 */
export async function readLedgerAndTombstones(
  tx: Transaction,
  changes: readonly Change[],
): Promise<Pick<ExistingState, 'events' | 'tombstones'>> {
  const ids = changes.flatMap(({ event }) => event?.id ?? [])
  const keys = [...new Set(changes.flatMap(touchedKeys))]
  const [events, tombstones] = await Promise.all([
    tx.query<{ id: string }>(selectEvents, ids),
    tx.query<{ key: string; deleted_at: number | null }>(
      selectTombstones,
      keys.map((key) => key.slice(0, key.indexOf(' '))),
      keys.map((key) => key.slice(key.indexOf(' ') + 1)),
    ),
  ])
  return {
    events: new Set(events.map(({ id }) => id)),
    tombstones: new Map(tombstones.map(({ key, deleted_at }) => [key, deleted_at])),
  }
}

function touchedKeys(change: Change): string[] {
  const userId = change.kind === 'none' ? change.event.userId : change.concerned.user
  const user = userId === undefined ? [] : [entityKey(userEntity, userId)]
  if (change.kind === 'none') return user
  return [entityKey(change.entity, change.id), ...ownerKeys(change), ...user]
}

interface FoundRow {
  /** The child table that it is of; null for the entity's own row. */
  child: string | null
  /** JSON, as text: parsed by the driver, its numbers would lose digits. */
  row: string
}

interface TableRow extends Row {
  id: string
  updated_at: string
  event_occurred_at: string
  event_id: string
  deleted_at: string | null
}

export interface ReadRow extends ExistingRow {
  /** In milliseconds; null while it is not deleted. */
  readonly deletedAt: number | null
}

/**
 * The rows that a batch touches; an id without a row is absent. Child rows are read for every id, by
 * `entityKey`: they may have stayed behind where their parent was deleted by hand.
 */
export async function readRows(
  tx: Transaction,
  changes: ReadonlyMap<Entity, readonly EntityChange[]>,
): Promise<{ rows: Map<string, ReadRow>; children: Map<string, ChildRows> }> {
  const rows = new Map<string, ReadRow>()
  const children = new Map<string, { [table: string]: Row[] }>()
  await Promise.all(
    Array.from(changes, async ([entity, some]) => {
      const ids = [...new Set(some.map((change) => change.id))]
      const parentColumns = new Map(entity.children.map((one) => [one.table, one.parentColumn]))
      const found = await tx.query<FoundRow>(selectionOf(entity), ids)
      // Behind its children.
      for (const { child, row: text } of found) {
        const row = parseJson(text) as TableRow
        if (child === null) {
          const key = entityKey(entity, row.id)
          const value = { row, children: children.get(key) ?? {} }
          const deletedAt = row.deleted_at === null ? null : Date.parse(row.deleted_at)
          rows.set(key, { version: versionIn(row), value, deletedAt })
          continue
        }
        const key = entityKey(entity, String(row[parentColumns.get(child) ?? '']))
        const tables = children.get(key) ?? {}
        tables[child] = [...(tables[child] ?? []), row]
        children.set(key, tables)
      }
    }),
  )
  return { rows, children }
}

const isKept = (child: ChildTable) => !child.off

function versionIn(row: TableRow): Version {
  return {
    updatedAt: Date.parse(row.updated_at),
    occurredAt: Date.parse(row.event_occurred_at),
    eventId: row.event_id,
  }
}

const selectionOf = once((entity: Entity) => {
  const ofChildren = entity.children.filter(isKept).map(
    ({ table, parentColumn }) => `
        SELECT '${table}' AS child, to_json(child)::text AS row
        FROM clerk.${table} AS child WHERE ${parentColumn} = ANY($1::text[])`,
  )
  const own = `
        SELECT NULL AS child, to_json(known)::text AS row
        FROM clerk.${entity.table} AS known WHERE id = ANY($1::text[])`
  return prepare([...ofChildren, own].join(' UNION ALL '))
})

/** Somebody else has written a row since it was read. */
export class RowChangedError extends Error {
  override readonly name = 'RowChangedError'
}

/**
 * Writes rows with their child rows: at most one per id, none that has changed since it was read, and
 * of the child rows only those that differ. Rows are written in the order of their ids, and tables in
 * one order, so that two workers rarely wait for each other.
 *
 * @throws {RowChangedError} The transaction must roll back then.
 */
export async function writeRows(
  tx: Transaction,
  writes: ReadonlyMap<Entity, readonly Write[]>,
): Promise<void> {
  await Promise.all(
    [...writes].flatMap(([entity, some]) => {
      const sorted = some.toSorted((a, b) => (a.id < b.id ? -1 : 1))
      const known = sorted.filter(({ before }) => before !== undefined)
      const fresh = sorted.filter(({ before }) => before === undefined)
      return [
        writeAll(tx, updateOf(entity), known.map(toTableRow)),
        writeAll(tx, insertOf(entity), fresh.map(toTableRow)),
        ...entity.children.filter(isKept).map((child) => writeChildren(tx, child, sorted)),
      ]
    }),
  )
}

async function writeAll(
  tx: Transaction,
  statement: PreparedStatement,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return
  const written = await tx.execute(statement, JSON.stringify(rows))
  if (written < rows.length) throw new RowChangedError('a row has changed since it was read')
}

function toTableRow(write: Write): Row {
  const { id, value, deletedAt, before } = write
  const { updatedAt, occurredAt, eventId } = versionOf(write)
  const row: Row = {
    ...value.row,
    id,
    updated_at: new Date(updatedAt).toISOString(),
    event_occurred_at: new Date(occurredAt).toISOString(),
    event_id: eventId,
    deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
  }
  if (before) for (const name of seenColumns) row[`seen_${name}`] = before.value.row[name]
  return row
}

const versionColumns = ['updated_at', 'event_occurred_at', 'event_id']
// Every write changes the version, and a deletion of its owner the deleted_at.
const seenColumns = [...versionColumns, 'deleted_at']

const typeOf: { readonly [name: string]: string } = {
  updated_at: 'timestamptz',
  event_occurred_at: 'timestamptz',
  event_id: 'text',
  deleted_at: 'timestamptz',
}

const writtenColumns = (entity: Entity) => [
  ...entity.columns.map((column) => column.name),
  ...seenColumns,
]

const typedColumns = (entity: Entity) => [
  'id text',
  ...entity.columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
  ...seenColumns.map((name) => `${name} ${typeOf[name]}`),
]

const updateOf = once((entity: Entity) => {
  const names = writtenColumns(entity)
  const typed = [
    ...typedColumns(entity),
    ...seenColumns.map((name) => `seen_${name} ${typeOf[name]}`),
  ]
  const assigned = names.map((name) =>
    // The earliest deletion that was told of stays.
    name === 'deleted_at'
      ? 'deleted_at = least(known.deleted_at, input.deleted_at)'
      : `${name} = input.${name}`,
  )
  const isAsSeen = versionColumns.map((name) => `known.${name} = input.seen_${name}`)
  return prepare(
    `UPDATE clerk.${entity.table} AS known
     SET ${assigned.join(', ')}, synced_at = now()
     FROM json_to_recordset($1::json) AS input(${typed.join(', ')})
     WHERE known.id = input.id AND ${isAsSeen.join(' AND ')}
       AND known.deleted_at IS NOT DISTINCT FROM input.seen_deleted_at`,
    entity.table,
  )
})

const insertOf = once((entity: Entity) => {
  const names = ['id', ...writtenColumns(entity)].join(', ')
  return prepare(
    `INSERT INTO clerk.${entity.table} (${names}, synced_at)
     SELECT ${names}, now() FROM json_to_recordset($1::json) AS input(${typedColumns(entity).join(', ')})
     ON CONFLICT (id) DO NOTHING`,
    entity.table,
  )
})

async function writeChildren(
  tx: Transaction,
  child: ChildTable,
  parents: readonly Write[],
): Promise<void> {
  const { table, parentColumn, columns } = child
  const written: Row[] = []
  const removed: [parent: string, id: unknown][] = []
  for (const { id: parent, value, childrenBefore } of parents) {
    const after = value.children[table] ?? []
    const changed = changedRows(columns, after, childrenBefore[table] ?? [])
    for (const row of changed.written) written.push({ ...row, [parentColumn]: parent })
    for (const { id } of changed.removed) removed.push([parent, id])
  }
  const sent: Promise<number>[] = []
  if (removed.length > 0) {
    const [ofParents, ids] = [0, 1].map((place) => removed.map((one) => one[place]))
    sent.push(tx.execute(removalOf(child), ofParents, ids))
  }
  if (written.length > 0) sent.push(tx.execute(childUpsertOf(child), JSON.stringify(written)))
  await Promise.all(sent)
}

const removalOf = once(({ table, parentColumn }: ChildTable) =>
  prepare(
    `DELETE FROM clerk.${table} AS known USING unnest($1::text[], $2::text[]) AS removed(parent, id)
     WHERE known.${parentColumn} = removed.parent AND known.id = removed.id`,
    table,
  ),
)

const childUpsertOf = once(({ table, parentColumn, columns }: ChildTable) => {
  const names = columns.map((column) => column.name)
  const key = [parentColumn, 'id']
  const typed = [
    ...key.map((name) => `${name} text`),
    ...columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
  ]
  return prepare(
    `INSERT INTO clerk.${table} (${[...key, ...names].join(', ')})
     SELECT ${[...key, ...names].join(', ')}
     FROM json_to_recordset($1::json) AS input(${typed.join(', ')})
     ON CONFLICT (${key.join(', ')}) DO UPDATE
     SET ${names.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`,
    table,
  )
})

/** What the ledger keeps of one event. */
export interface LedgerEntry {
  readonly event: LedgerEvent
  readonly outcome: Outcome
  readonly changedColumns: readonly string[] | undefined
  readonly changedValues: { readonly [column: string]: unknown } | undefined
}

const ledgerColumns = {
  id: 'text',
  type: 'text',
  entity_id: 'text',
  user_id: 'text',
  organization_id: 'text',
  outcome: 'text',
  changed_columns: 'text[]',
  changed_values: 'jsonb',
  client_ip: 'text',
  user_agent: 'text',
  occurred_at: 'timestamptz',
  received_at: 'timestamptz',
}
const ledgerNames = Object.keys(ledgerColumns).join(', ')
const ledgerTyped = Object.entries(ledgerColumns).map(([name, type]) => `${name} ${type}`)

const insertLedger = prepare(
  `INSERT INTO clerk.webhook_events (${ledgerNames})
   SELECT ${ledgerNames} FROM json_to_recordset($1::json) AS input(${ledgerTyped.join(', ')})
   ON CONFLICT (id) DO NOTHING
   RETURNING id`,
  'webhook_events',
)

/**
 * Adds events to the ledger, in the order of their ids, so that two workers never wait for each other.
 * Returns the ids that were new to it.
 */
export async function writeLedger(
  tx: Transaction,
  entries: readonly LedgerEntry[],
): Promise<Set<string>> {
  if (entries.length === 0) return new Set()
  const rows = entries.map(toLedgerRow).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const added = await tx.query<{ id: string }>(insertLedger, JSON.stringify(rows))
  return new Set(added.map((row) => row.id))
}

function toLedgerRow({ event, outcome, changedColumns, changedValues }: LedgerEntry) {
  return {
    id: event.id,
    type: event.type,
    entity_id: event.entityId,
    user_id: event.userId,
    organization_id: event.organizationId,
    outcome,
    changed_columns: changedColumns,
    changed_values: changedValues,
    client_ip: event.clientIp,
    user_agent: event.userAgent,
    occurred_at: new Date(event.occurredAt).toISOString(),
    received_at: new Date(event.receivedAt).toISOString(),
  }
}

// One statement must end long before its timeout.
const redactedAtOnce = 10_000

/** Empties everything in the ledger but the facts of events about these ids. */
export async function redactLedger(tx: Transaction, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += redactedAtOnce) {
    await tx.execute(
      `UPDATE clerk.webhook_events
       SET changed_values = NULL, client_ip = NULL, user_agent = NULL
       WHERE (entity_id = ANY($1::text[]) OR user_id = ANY($1::text[]))
         AND num_nonnulls(changed_values, client_ip, user_agent) > 0`,
      ids.slice(start, start + redactedAtOnce),
    )
  }
}

// A statement is derived from its declaration once.
function once<T extends object, R>(build: (from: T) => R): (from: T) => R {
  const built = new WeakMap<T, R>()
  return (from) => {
    let result = built.get(from)
    if (result === undefined) built.set(from, (result = build(from)))
    return result
  }
}
