import type { DeletionPolicy } from '../../../src/index.ts'
import type { HistoryEvent } from '../world/world.ts'
import { childRowsOf } from './child-rows.ts'
import { kinds, ownersIn, personal } from './kinds.ts'
import { expectedLedger } from './ledger.ts'
import { rowOf } from './rows.ts'
import type { TableRow } from './rows.ts'
import { isDeleted, learn, replacedAt } from './known.ts'
import type { Known } from './known.ts'

/** Every table's rows, times as ISO 8601, in the order of their keys. */
export type Snapshot = Record<string, TableRow[]>

// Written against the design's text, not against the code: it must be wrong in its own ways.

/** What the tables must hold once these events are in: a plain fold over them, one after the other. */
export function expectedTables(events: readonly HistoryEvent[], policy: DeletionPolicy): Snapshot {
  const things = new Map<string, Known>()
  for (const event of events) learn(things, event)
  const snapshot: Snapshot = { tombstones: [], webhook_events: [] }
  for (const thing of things.values()) {
    writeTombstone(snapshot, thing, things)
    writeRows(snapshot, thing, things, policy)
  }
  snapshot['webhook_events'] = expectedLedger(events, things, policy)
  return sortRows(snapshot)
}

function writeTombstone(snapshot: Snapshot, thing: Known, things: Map<string, Known>): void {
  if (!isDeleted(thing, things)) return
  const { kind, id, deletedAt } = thing
  snapshot['tombstones']?.push({
    entity: kinds[kind].entity,
    id,
    deleted_at: deletedAt === undefined ? null : iso(deletedAt),
  })
}

function writeRows(
  snapshot: Snapshot,
  thing: Known,
  things: ReadonlyMap<string, Known>,
  policy: DeletionPolicy,
): void {
  const { kind, id, event } = thing
  const deleted = isDeleted(thing, things)
  if (!event || (deleted && policy === 'erase')) return
  const named = [id, ...ownersIn(kind, event.data)].map((one) => things.get(one)?.deletedAt)
  const times = [...named, replacedAt(thing, things)]
  const deletedAt = Math.min(...times.filter((time) => time !== undefined))
  const { created_at: createdAt } = event.data as { created_at: number }
  const row = {
    id,
    ...rowOf[kind](event.data as never),
    created_at: iso(createdAt),
    updated_at: iso(event.updatedAt ?? event.occurredAt),
    event_occurred_at: iso(event.occurredAt),
    event_id: event.svixId,
    deleted_at: deleted ? iso(deletedAt) : null,
  }
  const rows = { [kinds[kind].table]: [row], ...childRowsOf[kind]?.(event.data as never) }
  for (const [table, some] of Object.entries(rows)) {
    const kept = deleted && policy === 'anonymize' ? some.map((one) => emptied(table, one)) : some
    snapshot[table] = [...(snapshot[table] ?? []), ...kept]
  }
}

function emptied(table: string, row: TableRow): TableRow {
  const names = personal[table] ?? []
  return { ...row, ...Object.fromEntries(names.map((name) => [name, null])) }
}

/** In one order, and without the tables that are empty. */
export function sortRows(snapshot: Snapshot): Snapshot {
  const key = ({ entity, user_id, role_id, id }: TableRow) =>
    [entity ?? user_id ?? role_id, id].join(' ')
  return Object.fromEntries(
    Object.entries(snapshot)
      .filter(([, rows]) => rows.length > 0)
      .map(([table, rows]) => [table, rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))]),
  )
}

const iso = (ms: number) => new Date(ms).toISOString()
