import { entities, ownerColumn } from '@clerk-sync/events'
import type { Column, Entity } from '@clerk-sync/events'
import { parseJson } from '@clerk-sync/ops'
import type { Database, Transaction } from '../database.ts'
import type { DeletionPolicy } from '../deletion-policy.ts'
import { previewDeletion } from './preview-deletion.ts'
import type { DeletionPreview } from './preview-deletion.ts'
import { concernsId, hidden, readLedgerIn } from './read-ledger.ts'
import type { LedgerRow } from './read-ledger.ts'
import { countUpTo, readOnly } from './read-only.ts'
import type { Count } from './read-only.ts'

/** Everything that the database knows of one id: of a user, an organization, or any other entity. */
export interface IdFacts {
  readonly id: string
  /** What it is the id of, such as `user`; undefined where nothing tells. */
  readonly entity: string | undefined
  readonly tombstones: readonly Tombstone[]
  /** The rows that have it as their own id or name it as that of their owner or payer, by table. */
  readonly tables: readonly FoundRows[]
  /** The names of organizations and such that these rows refer to, by id. */
  readonly names: { readonly [id: string]: string }
  /** The ledger rows that concern it, the newest first. */
  readonly events: { readonly rows: readonly LedgerRow[]; readonly count: Count }
  /** Absent where it is deleted, and where it is not known of what it is the id. */
  readonly deletion: DeletionPreview | undefined
}

export interface Tombstone {
  readonly entity: string
  /** Null: it went with its owner, or a newer one replaced it. */
  readonly deletedAt: Date | null
  readonly recordedAt: Date
}

export interface FoundRows {
  readonly table: string
  /** The column that has the id. */
  readonly column: string
  /** All of them, also those that are not in `rows`. */
  readonly count: Count
  readonly rows: readonly FoundRow[]
}

/** A row as it is kept, by column; `hidden` in place of a personal value that is not shown. */
export interface FoundRow {
  readonly [column: string]: unknown
}

export interface InspectOptions {
  /** How many rows of each table, and how many events. */
  readonly limit: number
  /** Whether personal values are shown. */
  readonly showValues: boolean
  readonly deletionPolicy: DeletionPolicy
}

/**
 * Reads everything about one id in one snapshot. Every statement uses an index, and counts
 * no further than 10,000.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function inspectId(
  db: Database,
  id: string,
  options: InspectOptions,
): Promise<IdFacts> {
  return await readOnly(db, async (tx) => {
    const [found, tombstones, { rows: events }, count] = await Promise.all([
      Promise.all(places.map((place) => readPlace(tx, place, id, options))),
      readTombstones(tx, id),
      readLedgerIn(tx, { id }, options),
      countUpTo(tx, `SELECT FROM clerk.webhook_events WHERE ${concernsId('$1')}`, id),
    ])
    const tables = found.filter(({ count: all }) => all.number > 0)
    const entity = entityOf(id, tables, tombstones, events)
    const isDeleted = tombstones.some((tombstone) => tombstone.entity === entity?.name)
    const naming = new Map(tables.map((one) => [one.table, one.count]))
    return {
      id,
      entity: entity?.name,
      tombstones,
      tables: tables.map(({ table, column, count: all, rows }) => ({
        table,
        column,
        count: all,
        rows,
      })),
      names: await readNames(tx, tables),
      events: { rows: events, count },
      deletion:
        entity && tables.length > 0 && !isDeleted
          ? await previewDeletion(tx, { entity, id }, options.deletionPolicy, naming)
          : undefined,
    }
  })
}

/** Where a row may name an id. */
interface Place {
  readonly table: string
  readonly column: string
  /** What the id is of, where the row names it there. */
  readonly entity: string
  /** The columns that tell nothing of a person. */
  readonly shown: ReadonlySet<string>
}

const bookkeeping = ['id', 'updated_at', 'deleted_at', 'synced_at', 'event_occurred_at', 'event_id']

const places: readonly Place[] = entities.flatMap(
  ({ table, name, columns, children, concerns }) => {
    const shown = shownOf(columns)
    return [
      { table, column: 'id', entity: name, shown },
      ...children.map((child) => ({
        table: child.table,
        column: child.parentColumn,
        entity: name,
        shown: shownOf(child.columns, child.parentColumn),
      })),
      // The column that holds what the event says at the same path.
      ...Object.entries(concerns).flatMap(([owner, path]) =>
        columns
          .filter(({ name: column, reads }) => column === ownerColumn(owner) && reads[0] === path)
          .map((column) => ({ table, column: column.name, entity: owner, shown })),
      ),
    ]
  },
)

// A column that is not declared is somebody's own: it is hidden like a personal one.
function shownOf(columns: readonly Column[], ...others: string[]): ReadonlySet<string> {
  const plain = columns.filter(({ personal }) => !personal).map(({ name }) => name)
  return new Set([...bookkeeping, ...others, ...plain])
}

// An organization may have a million members.
const mostSorted = 10_000

async function readPlace(
  tx: Transaction,
  place: Place,
  id: string,
  { limit, showValues }: InspectOptions,
): Promise<Place & FoundRows> {
  const { table, column, shown } = place
  const naming = `FROM clerk.${table} WHERE ${column} = $1`
  const [rows, count] = await Promise.all([
    tx.query<{ row: string }>(
      `SELECT to_json(known)::text AS row FROM (SELECT * ${naming} LIMIT ${mostSorted}) AS known
       ORDER BY id LIMIT ${limit}`,
      id,
    ),
    countUpTo(tx, `SELECT ${naming}`, id),
  ])
  return {
    ...place,
    count,
    rows: rows.map(({ row }) => {
      const values = Object.entries(parseJson(row) as FoundRow)
      const isShown = (name: string, value: unknown) =>
        showValues || value === null || shown.has(name)
      return Object.fromEntries(
        values.map(([name, value]) => [name, isShown(name, value) ? value : hidden]),
      )
    }),
  }
}

async function readTombstones(tx: Transaction, id: string): Promise<Tombstone[]> {
  return await tx.query<Tombstone & { entity: string }>(
    `SELECT entity, deleted_at AS "deletedAt", recorded_at AS "recordedAt"
     FROM clerk.tombstones WHERE entity = ANY($1::text[]) AND id = $2`,
    entities.map(({ name }) => name),
    id,
  )
}

// Those whose names are no person's.
const named = entities.filter(({ columns }) =>
  columns.some(({ name, personal }) => name === 'name' && !personal),
)

async function readNames(
  tx: Transaction,
  tables: readonly FoundRows[],
): Promise<{ [id: string]: string }> {
  const rows = tables.flatMap((one) => one.rows)
  const found = await Promise.all(
    named.map(async ({ name, table }) => {
      const ids = new Set(rows.map((row) => row[ownerColumn(name)]))
      const known = [...ids].filter((id) => typeof id === 'string')
      if (known.length === 0) return []
      return await tx.query<{ id: string; name: string | null }>(
        `SELECT id, name FROM clerk.${table} WHERE id = ANY($1::text[])`,
        known,
      )
    }),
  )
  return Object.fromEntries(found.flat().flatMap(({ id, name }) => (name ? [[id, name]] : [])))
}

function entityOf(
  id: string,
  tables: readonly (Place & FoundRows)[],
  tombstones: readonly Tombstone[],
  events: readonly LedgerRow[],
): Entity | undefined {
  const own = tables.find(({ column }) => column === 'id')
  const name = own?.entity ?? tombstones[0]?.entity ?? tables[0]?.entity ?? entityIn(id, events)
  return entities.find((entity) => entity.name === name)
}

// What an event says of an id of which no table knows.
function entityIn(id: string, events: readonly LedgerRow[]): string | undefined {
  for (const event of events) {
    if (event.userId === id) return 'user'
    if (event.organizationId === id) return 'organization'
    const about = entities.find(({ upsertedBy, deletedBy }) =>
      [...upsertedBy, ...deletedBy].includes(event.type),
    )
    if (event.entityId === id && about) return about.name
  }
  return undefined
}
