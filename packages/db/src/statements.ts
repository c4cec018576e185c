import { columnTypes, userEntity } from '@clerk-sync/events'
import type { Change, ChildTable, Entity, EntityChange, LedgerEvent, Row } from '@clerk-sync/events'
import { parseJson } from '@clerk-sync/ops'
import { entityKey, ownerKeys } from './decide.ts'
import type { ExistingRow, ExistingState, Outcome, Write } from './decide.ts'
import { versionOf } from './version.ts'
import type { Version } from './version.ts'
import type { Transaction } from './database.ts'
import { writingTo } from './database-error.ts'

// 'clerk' in ASCII: any number serves, as long as every writer of these tables uses the same one.
const lockKey = 0x636c65726b

// Zone and notation of times are set per transaction as well as per connection: behind a pooler they
// may not be the same. The limits are below the time that a query may take (database.ts), so that PostgreSQL is the
// one to give up.
const prepare = `
  SELECT set_config('timezone', 'UTC', true),
         set_config('datestyle', 'ISO', true),
         set_config('lock_timeout', '5s', true),
         set_config('statement_timeout', '8s', true),
         set_config('idle_in_transaction_session_timeout', '15s', true)`

/**
 * Writers share the tables; a transaction that deletes locks all others out. Otherwise an upsert that
 * began before a delete was committed could bring the row back: it can't lock a row that isn't there.
 * The lock ends with the transaction.
 */
export async function lockTables(tx: Transaction, exclusive: boolean): Promise<void> {
  const lock = exclusive ? 'pg_advisory_xact_lock' : 'pg_advisory_xact_lock_shared'
  await tx.$executeRawUnsafe(`${prepare}, ${lock}(${lockKey})::text`)
}

interface LedgerAndTombstones {
  events: string[]
  tombstones: { key: string; deleted_at: number | null }[]
}

/**
 * Which of a batch's events are in the ledger, and which of the entities that it touches have a
 * tombstone. The rows that it may write are locked on the way, so that what is read of them next
 * stays true until the commit.
 */
export async function readLedgerAndTombstones(
  tx: Transaction,
  changes: readonly Change[],
  touched: ReadonlyMap<Entity, readonly EntityChange[]> = new Map(),
): Promise<Pick<ExistingState, 'events' | 'tombstones'>> {
  const keys = new Set(changes.flatMap(touchedKeys))
  const [found] = await tx.$queryRawUnsafe<[LedgerAndTombstones]>(
    selectLedgerAndTombstones([...touched.keys()]),
    changes.flatMap(({ event }) => event?.id ?? []),
    Array.from(keys, (key) => key.slice(0, key.indexOf(' '))),
    Array.from(keys, (key) => key.slice(key.indexOf(' ') + 1)),
    ...Array.from(touched.values(), (some) => some.map((change) => change.id)),
  )
  return {
    events: new Set(found.events),
    tombstones: new Map(found.tombstones.map(({ key, deleted_at }) => [key, deleted_at])),
  }
}

function touchedKeys(change: Change): string[] {
  const userId = change.kind === 'none' ? change.event.userId : change.concerned.user
  const user = userId === undefined ? [] : [entityKey(userEntity, userId)]
  if (change.kind === 'none') return user
  return [entityKey(change.entity, change.id), ...ownerKeys(change), ...user]
}

// Locked in the order of their ids, and tables in one order, so that two workers never wait for each
// other.
function selectLedgerAndTombstones(tables: readonly Entity[]): string {
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

interface RowAsText {
  place: number
  /** JSON, as text: parsed by Prisma, its numbers would lose digits. */
  found: string
}

interface FoundRow {
  row: Row & {
    id: string
    updated_at: string
    event_occurred_at: string
    event_id: string
    deleted_at: string | null
  }
  children: { [table: string]: Row[] }
}

export interface ReadRow extends ExistingRow {
  /** In milliseconds; null while it is not deleted. */
  readonly deletedAt: number | null
}

/** The rows that a batch touches, with their child rows; an id without a row is absent. */
export async function readRows(
  tx: Transaction,
  changes: ReadonlyMap<Entity, readonly EntityChange[]>,
): Promise<Map<string, ReadRow>> {
  const touched = [...changes]
  if (touched.length === 0) return new Map()

  const selects = touched.map(
    ([entity], place) => `
      SELECT ${place} AS place, jsonb_build_object('row', to_jsonb(parent), 'children',
               jsonb_build_object(${entity.children.filter(isKept).map(childRows).join(', ')})
             )::text AS found
      FROM clerk.${entity.table} AS parent WHERE id = ANY($${place + 1}::text[])`,
  )
  const ids = touched.map(([, some]) => some.map((change) => change.id))
  const rows = await tx.$queryRawUnsafe<RowAsText[]>(selects.join(' UNION ALL '), ...ids)
  return new Map(
    rows.flatMap(({ place, found }) => {
      const entity = touched[place]?.[0]
      if (!entity) return []
      const { row, children } = parseJson(found) as FoundRow
      const deletedAt = row.deleted_at === null ? null : Date.parse(row.deleted_at)
      const known = { version: versionIn(row), value: { row, children }, deletedAt }
      return [[entityKey(entity, row.id), known] as const]
    }),
  )
}

const isKept = (child: ChildTable) => !child.off

const childRows = ({ table, parentColumn }: ChildTable) => `
  '${table}', (
    SELECT coalesce(jsonb_agg(to_jsonb(child)), '[]')
    FROM clerk.${table} AS child WHERE child.${parentColumn} = parent.id
  )`

function versionIn(row: FoundRow['row']): Version {
  return {
    updatedAt: Date.parse(row.updated_at),
    occurredAt: Date.parse(row.event_occurred_at),
    eventId: row.event_id,
  }
}

const versionColumns = ['updated_at', 'event_occurred_at', 'event_id']
const guardedWrites = new WeakMap<Entity, string>()

/**
 * The guarded write: a row is written only when its version is greater than the one in the table. At
 * most one write per id. Returns the ids written, and whether each was new.
 */
export async function upsertRows(
  tx: Transaction,
  entity: Entity,
  writes: readonly Write[],
): Promise<Map<string, boolean>> {
  let statement = guardedWrites.get(entity)
  if (!statement) guardedWrites.set(entity, (statement = guardedWrite(entity)))
  const written = await writingTo(
    entity.table,
    tx.$queryRawUnsafe<{ id: string; is_new: boolean }[]>(
      statement,
      JSON.stringify(writes.map(toTableRow)),
    ),
  )
  return new Map(written.map((row) => [row.id, row.is_new]))
}

function toTableRow(write: Write) {
  const { id, value, deletedAt } = write
  const { updatedAt, occurredAt, eventId } = versionOf(write)
  return {
    ...value.row,
    id,
    updated_at: new Date(updatedAt).toISOString(),
    event_occurred_at: new Date(occurredAt).toISOString(),
    event_id: eventId,
    deleted_at: deletedAt === null ? null : new Date(deletedAt).toISOString(),
  }
}

// Rows are written in the order of their ids, so that two workers never wait for each other. A new
// row has no xmax yet. What is deleted stays deleted.
function guardedWrite(entity: Entity): string {
  const typed = [
    'id text',
    ...entity.columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
    'updated_at timestamptz',
    'event_occurred_at timestamptz',
    'event_id text',
    'deleted_at timestamptz',
  ]
  const names = ['id', ...entity.columns.map((column) => column.name), ...versionColumns]
  const assignments = names.slice(1).map((name) => `${name} = EXCLUDED.${name}`)
  const version = (row: string) => `(${versionColumns.map((name) => `${row}.${name}`).join(', ')})`
  return `
    INSERT INTO clerk.${entity.table} AS known (${names.join(', ')}, deleted_at, synced_at)
    SELECT ${names.join(', ')}, deleted_at, now()
    FROM jsonb_to_recordset($1::jsonb) AS input(${typed.join(', ')})
    ORDER BY id COLLATE "C"
    ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')},
      deleted_at = least(known.deleted_at, EXCLUDED.deleted_at), synced_at = EXCLUDED.synced_at
    WHERE ${version('known')} < ${version('EXCLUDED')}
    RETURNING id, (xmax = 0) AS is_new`
}

const replacements = new WeakMap<ChildTable, string>()

/** Makes the child rows of these parents, just written, exactly those of their changes. */
export async function replaceChildren(
  tx: Transaction,
  child: ChildTable,
  parents: readonly Write[],
): Promise<void> {
  let statement = replacements.get(child)
  if (!statement) replacements.set(child, (statement = replacement(child)))
  const rows = parents.flatMap(({ id, value }) =>
    (value.children[child.table] ?? []).map((row) => ({ ...row, [child.parentColumn]: id })),
  )
  await writingTo(
    child.table,
    tx.$executeRawUnsafe(
      statement,
      JSON.stringify(rows),
      parents.map((parent) => parent.id),
    ),
  )
}

function replacement({ table, parentColumn, columns }: ChildTable): string {
  const key = [parentColumn, 'id']
  const names = columns.map((column) => column.name)
  const typed = [
    ...key.map((name) => `${name} text`),
    ...columns.map((column) => `${column.name} ${columnTypes[column.type].sql}`),
  ]
  const row = (source: string) => `(${names.map((name) => `${source}.${name}`).join(', ')})`
  return `
    WITH input AS (SELECT * FROM jsonb_to_recordset($1::jsonb) AS rows(${typed.join(', ')})),
    removed AS (
      DELETE FROM clerk.${table} AS known
      WHERE known.${parentColumn} = ANY($2::text[])
        AND NOT EXISTS (
          SELECT FROM input
          WHERE input.${parentColumn} = known.${parentColumn} AND input.id = known.id
        )
    )
    INSERT INTO clerk.${table} AS known (${[...key, ...names].join(', ')})
    SELECT ${[...key, ...names].join(', ')} FROM input
    ORDER BY ${key.map((name) => `${name} COLLATE "C"`).join(', ')}
    ON CONFLICT (${key.join(', ')}) DO UPDATE
    SET ${names.map((name) => `${name} = EXCLUDED.${name}`).join(', ')}
    WHERE ${row('known')} IS DISTINCT FROM ${row('EXCLUDED')}`
}

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

const insertLedger = `
  INSERT INTO clerk.webhook_events (${ledgerNames})
  SELECT ${ledgerNames} FROM jsonb_to_recordset($1::jsonb) AS input(${ledgerTyped.join(', ')})
  ORDER BY id COLLATE "C"
  ON CONFLICT (id) DO NOTHING
  RETURNING id`

/** Adds events to the ledger. Returns the ids that were new to it. */
export async function writeLedger(
  tx: Transaction,
  entries: readonly LedgerEntry[],
): Promise<Set<string>> {
  const added = await writingTo(
    'webhook_events',
    tx.$queryRawUnsafe<{ id: string }[]>(insertLedger, JSON.stringify(entries.map(toLedgerRow))),
  )
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
    await tx.$executeRawUnsafe(
      `UPDATE clerk.webhook_events
       SET changed_values = NULL, client_ip = NULL, user_agent = NULL
       WHERE (entity_id = ANY($1::text[]) OR user_id = ANY($1::text[]))
         AND num_nonnulls(changed_values, client_ip, user_agent) > 0`,
      ids.slice(start, start + redactedAtOnce),
    )
  }
}
