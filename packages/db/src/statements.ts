import { columnTypes, userEntity } from '@clerk-sync/events'
import type { Change, ChildTable, Entity, EntityChange, Row } from '@clerk-sync/events'
import { changedRows } from './changed-columns.ts'
import { prepare } from './database.ts'
import type { PreparedStatement, Transaction } from './database.ts'
import { entityKey, ownerKeys } from './decide.ts'
import type { ChildRows, ExistingRow, ExistingState, Write } from './decide.ts'
import { decode, inputOf, selected } from './stored-values.ts'
import type { Input, InputColumn, SelectedColumn } from './stored-values.ts'
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

export interface ReadRow extends ExistingRow {
  /** In milliseconds; null while it is not deleted. */
  readonly deletedAt: number | null
}

interface Found {
  readonly rows: Map<string, ReadRow>
  /** By `entityKey` of the parent, also where it has no row. */
  readonly children: Map<string, { [table: string]: Row[] }>
}

/**
 * The rows that a batch touches; an id without a row is absent. Child rows are read for every id, by
 * `entityKey`: they may have stayed behind where their parent was deleted by hand.
 */
export async function readRows(
  tx: Transaction,
  changes: ReadonlyMap<Entity, readonly EntityChange[]>,
): Promise<{ rows: Map<string, ReadRow>; children: Map<string, ChildRows> }> {
  const found: Found = { rows: new Map(), children: new Map() }
  await Promise.all(
    Array.from(changes, async ([entity, some]) => {
      const ids = [...new Set(some.map((change) => change.id))]
      // First the rows: each statement sees what was committed before it, and who writes child rows
      // writes their row, too. So child rows that are newer than their row are noticed by the write.
      await Promise.all([
        readOwn(tx, entity, ids, found),
        ...entity.children
          .filter(isKept)
          .map((child) => readChildren(tx, entity, child, ids, found)),
      ])
    }),
  )
  return found
}

async function readOwn(
  tx: Transaction,
  entity: Entity,
  ids: readonly string[],
  { rows, children }: Found,
): Promise<void> {
  const { statement, read } = selectionOf(entity)
  for (const texts of await tx.query<TextRow>(statement, ids)) {
    const row = read(texts) as VersionedRow
    const key = entityKey(entity, row.id)
    // The object is filled also by what is read of the children afterwards.
    const ofChildren = children.get(key) ?? {}
    children.set(key, ofChildren)
    const deletedAt = row.deleted_at === null ? null : Date.parse(row.deleted_at)
    rows.set(key, { version: versionIn(row), value: { row, children: ofChildren }, deletedAt })
  }
}

async function readChildren(
  tx: Transaction,
  entity: Entity,
  child: ChildTable,
  ids: readonly string[],
  { children }: Found,
): Promise<void> {
  const { statement, read } = childSelectionOf(child)
  for (const texts of await tx.query<TextRow>(statement, ids)) {
    const row = read(texts)
    const key = entityKey(entity, String(row[child.parentColumn]))
    const tables = children.get(key) ?? {}
    children.set(key, tables)
    ;(tables[child.table] ??= []).push(row)
  }
}

const isKept = (child: ChildTable) => !child.off

interface TextRow {
  readonly [column: string]: string | null
}

interface VersionedRow extends Row {
  id: string
  updated_at: string
  event_occurred_at: string
  event_id: string
  deleted_at: string | null
}

function versionIn(row: VersionedRow): Version {
  return {
    updatedAt: Date.parse(row.updated_at),
    occurredAt: Date.parse(row.event_occurred_at),
    eventId: row.event_id,
  }
}

const versionColumns = [
  { name: 'updated_at', type: 'timestamptz' },
  { name: 'event_occurred_at', type: 'timestamptz' },
  { name: 'event_id', type: 'text' },
] as const
const statusColumns = [...versionColumns, { name: 'deleted_at', type: 'timestamptz' }] as const
const idColumn = { name: 'id', type: 'id' } as const
// Where PostgreSQL has a row, and which transaction wrote it there. Both are needed: a place is used again,
// and older releases of PostgreSQL do not compare it again after they have waited for another writer.
const systemColumns = [
  { name: 'ctid', type: 'tid' },
  { name: 'xmin', type: 'xid' },
] as const

const selectionOf = once((entity: Entity) =>
  selectionFrom(entity.table, 'id', [
    idColumn,
    ...entity.columns,
    ...statusColumns,
    ...systemColumns,
  ]),
)

const childSelectionOf = once(({ table, parentColumn, columns }: ChildTable) =>
  selectionFrom(table, parentColumn, [idColumn, { name: parentColumn, type: 'id' }, ...columns]),
)

function selectionFrom(
  table: string,
  key: string,
  columns: readonly SelectedColumn[],
): { statement: PreparedStatement; read: (texts: TextRow) => Row } {
  const text = `SELECT ${columns.map(selected).join(', ')} FROM clerk.${table} WHERE ${key} = ANY($1::text[])`
  return {
    statement: prepare(text),
    read(texts) {
      const row: Row = {}
      for (const { name, type } of columns) row[name] = decode(type, texts[name] ?? null)
      return row
    },
  }
}

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
        writeAll(tx, updateOf(entity), known),
        writeAll(tx, insertOf(entity), fresh),
        ...entity.children.filter(isKept).map((child) => writeChildren(tx, child, sorted)),
      ]
    }),
  )
}

async function writeAll<R>(
  tx: Transaction,
  { statement, input }: RowStatement<R>,
  rows: readonly R[],
): Promise<void> {
  if (rows.length === 0) return
  const written = await tx.execute(statement, ...input.arraysOf(rows))
  if (written < rows.length) throw new RowChangedError('a row has changed since it was read')
}

/** A statement that writes the rows that it is given. */
interface RowStatement<R> {
  readonly statement: PreparedStatement
  readonly input: Input<R>
}

// Its bits are the columns of `changed`.
const mostColumns = 31

const updateOf = once((entity: Entity): RowStatement<Write> => {
  if (entity.columns.length > mostColumns) throw new Error(`${entity.table} has too many columns`)
  const input = inputOf<Write>([
    ...versionedInput,
    { name: 'changed', type: 'integer', valueIn: (write) => changedBits(entity, write) },
    ...columnsInput(entity, isChanged),
    ...systemColumns.map(({ name, type }) => ({
      name,
      type,
      valueIn: ({ before }: Write) => before?.value.row[name],
    })),
  ])
  const kept = entity.columns.map(
    ({ name }, at) =>
      `${name} = CASE WHEN input.changed & ${1 << at} <> 0 THEN ${input.read(name)} ELSE known.${name} END`,
  )
  const version = versionColumns.map(({ name }) => `${name} = input.${name}`)
  // By its place a row is found without its index, where the table has more than a few pages. The earliest
  // deletion that was told of stays.
  const text = `UPDATE clerk.${entity.table} AS known
     SET ${[...kept, ...version].join(', ')}, synced_at = now(),
       deleted_at = least(known.deleted_at, input.deleted_at)
     FROM ${input.from}
     WHERE known.ctid = input.ctid AND known.xmin = input.xmin AND known.id = input.id`
  return { statement: prepare(text, entity.table), input }
})

const insertOf = once((entity: Entity): RowStatement<Write> => {
  const input = inputOf<Write>([...versionedInput, ...columnsInput(entity, () => true)])
  const names = ['id', ...[...entity.columns, ...statusColumns].map(({ name }) => name)]
  const text = `INSERT INTO clerk.${entity.table} (${names.join(', ')}, synced_at)
     SELECT ${names.map(input.read).join(', ')}, now() FROM ${input.from}
     ON CONFLICT (id) DO NOTHING`
  return { statement: prepare(text, entity.table), input }
})

const isChanged = ({ changed }: Write, name: string) => changed?.has(name) ?? true

function changedBits({ columns }: Entity, write: Write): number {
  return columns.reduce((bits, { name }, at) => bits | (isChanged(write, name) ? 1 << at : 0), 0)
}

function columnsInput(
  { columns }: Entity,
  isWritten: (write: Write, name: string) => boolean,
): InputColumn<Write>[] {
  return columns.map(({ name, type }) => ({
    name,
    type: columnTypes[type].sql,
    valueIn: (write) => (isWritten(write, name) ? write.value.row[name] : null),
  }))
}

const versionedInput: readonly InputColumn<Write>[] = [
  { name: 'id', type: 'text', valueIn: ({ id }) => id },
  { name: 'updated_at', type: 'timestamptz', valueIn: ({ version }) => version.updatedAt },
  { name: 'event_occurred_at', type: 'timestamptz', valueIn: ({ version }) => version.occurredAt },
  { name: 'event_id', type: 'text', valueIn: ({ version }) => version.eventId },
  { name: 'deleted_at', type: 'timestamptz', valueIn: ({ deletedAt }) => deletedAt },
]

async function writeChildren(
  tx: Transaction,
  child: ChildTable,
  parents: readonly Write[],
): Promise<void> {
  const { table, parentColumn, columns } = child
  const written: Row[] = []
  const removed: [parent: string, id: unknown][] = []
  for (const write of parents) {
    if (!isChanged(write, table)) continue
    const { id: parent, value, childrenBefore } = write
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
  if (written.length > 0) {
    const { statement, input } = childUpsertOf(child)
    sent.push(tx.execute(statement, ...input.arraysOf(written)))
  }
  await Promise.all(sent)
}

const removalOf = once(({ table, parentColumn }: ChildTable) =>
  prepare(
    `DELETE FROM clerk.${table} AS known USING unnest($1::text[], $2::text[]) AS removed(parent, id)
     WHERE known.${parentColumn} = removed.parent AND known.id = removed.id`,
    table,
  ),
)

const childUpsertOf = once(({ table, parentColumn, columns }: ChildTable): RowStatement<Row> => {
  const stored = [parentColumn, 'id'].map((name) => ({ name, type: 'id' as const }))
  const input = inputOf<Row>(
    [...stored, ...columns].map(({ name, type }) => ({
      name,
      type: columnTypes[type].sql,
      valueIn: (row) => row[name],
    })),
  )
  const own = columns.map(({ name }) => name)
  const names = [parentColumn, 'id', ...own]
  const text = `INSERT INTO clerk.${table} (${names.join(', ')})
     SELECT ${names.map(input.read).join(', ')} FROM ${input.from}
     ON CONFLICT (${parentColumn}, id) DO UPDATE
     SET ${own.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}`
  return { statement: prepare(text, table), input }
})

// A statement is derived from its declaration once.
function once<T extends object, R>(build: (from: T) => R): (from: T) => R {
  const built = new WeakMap<T, R>()
  return (from) => {
    let result = built.get(from)
    if (result === undefined) built.set(from, (result = build(from)))
    return result
  }
}
