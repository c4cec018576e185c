import { parseJson } from '@clerk-sync/ops'
import type { Database, Transaction } from '../database.ts'
import { concernsEntityOrUser } from '../ledger.ts'
import { readOnly } from './read-only.ts'

/** In place of a personal value that must not be shown; an empty one is null as ever. */
export const hidden = Symbol('hidden')
type Hidden = typeof hidden

/** A ledger row. */
export interface LedgerRow {
  readonly id: string
  readonly type: string
  readonly outcome: string
  readonly entityId: string | null
  readonly userId: string | null
  readonly organizationId: string | null
  readonly occurredAt: Date
  readonly receivedAt: Date
  readonly processedAt: Date
  readonly changedColumns: readonly string[] | null
  readonly changedValues: unknown
  readonly clientIp: string | Hidden | null
  readonly userAgent: string | Hidden | null
}

/** Selects ledger rows; a field that is not set selects all. Times are inclusive. */
export interface LedgerFilter {
  /** The svix-id, or the id of an entity, a user or an organization that the event concerns. */
  readonly id?: string | undefined
  readonly type?: string | undefined
  readonly outcome?: string | undefined
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

/** Some ledger rows, the newest first, by the time at which they were received. */
export interface LedgerPage {
  readonly rows: readonly LedgerRow[]
  /** Where the next page begins; undefined behind the last one. */
  readonly next: LedgerPosition | undefined
  /** Reading stopped there before the page was full: no index leads to what is asked for. */
  readonly readTo: Date | undefined
}

/** Behind which row a page begins. */
export interface LedgerPosition {
  readonly receivedAt: Date
  readonly id: string
}

// No index has type and outcome. Reading so many rows takes some tenths of a second.
const mostRead = 50_000

export interface LedgerOptions {
  readonly limit: number
  /** Whether personal values are shown. */
  readonly showValues: boolean
  readonly after?: LedgerPosition | undefined
}

/**
 * Reads a page of the ledger. With a type or an outcome it looks at 50,000 rows at the most, so that
 * any ledger answers soon.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function readLedger(
  db: Database,
  filter: LedgerFilter,
  options: LedgerOptions,
): Promise<LedgerPage> {
  return await readOnly(db, (tx) => readLedgerIn(tx, filter, options))
}

const columns = `id, type, outcome, entity_id AS "entityId", user_id AS "userId",
  organization_id AS "organizationId", occurred_at AS "occurredAt", received_at AS "receivedAt",
  processed_at AS "processedAt", changed_columns AS "changedColumns",
  changed_values::text AS "changedValues", client_ip AS "clientIp", user_agent AS "userAgent"`

/** The same within a transaction of `readOnly`. */
export async function readLedgerIn(
  tx: Transaction,
  filter: LedgerFilter,
  { limit, showValues, after }: LedgerOptions,
): Promise<LedgerPage> {
  const values: unknown[] = []
  const bind = (value: unknown) => `$${values.push(value)}`
  const indexed = [
    filter.id !== undefined && concernsId(bind(filter.id)),
    filter.since && `received_at >= ${bind(filter.since)}::timestamptz`,
    filter.until && `received_at <= ${bind(filter.until)}::timestamptz`,
    after &&
      `(received_at, id) < (${bind(after.receivedAt)}::timestamptz, ${bind(after.id)}::text COLLATE "C")`,
  ]
  const found = `SELECT * FROM clerk.webhook_events ${where(indexed)}
    ORDER BY received_at DESC, id DESC LIMIT ${mostRead}`
  const readValues = [...values]
  const others = [
    filter.type !== undefined && `type = ${bind(filter.type)}`,
    filter.outcome !== undefined && `outcome = ${bind(filter.outcome)}`,
  ]
  const rows = await tx.query<LedgerRow & { changedValues: string | null }>(
    `SELECT ${columns} FROM (${found}) AS found ${where(others)}
     ORDER BY received_at DESC, id DESC LIMIT ${limit + 1}`,
    ...values,
  )
  const shown = rows.slice(0, limit).map((row) => present(row, showValues))
  if (rows.length > limit) return { rows: shown, next: shown.at(-1), readTo: undefined }
  const isIndexed = others.every((condition) => condition === false)
  const [last] = isIndexed
    ? []
    : await tx.query<LedgerPosition>(
        `SELECT received_at AS "receivedAt", id FROM (${found}) AS found
         ORDER BY received_at DESC, id DESC OFFSET ${mostRead - 1} LIMIT 1`,
        ...readValues,
      )
  return { rows: shown, next: last, readTo: last?.receivedAt }
}

/** The condition of ledger rows that concern an id. */
export const concernsId = (id: string) =>
  `(id = ${id} OR organization_id = ${id} OR ${concernsEntityOrUser(`= ${id}`)})`

function where(conditions: readonly (string | false | undefined)[]): string {
  const set = conditions.filter((condition) => typeof condition === 'string')
  return set.length === 0 ? '' : `WHERE ${set.join(' AND ')}`
}

function present(
  row: LedgerRow & { changedValues: string | null },
  showValues: boolean,
): LedgerRow {
  const { changedValues, clientIp, userAgent } = row
  if (showValues) return { ...row, changedValues: changedValues && parseJson(changedValues) }
  return {
    ...row,
    changedValues: changedValues && hidden,
    clientIp: clientIp && hidden,
    userAgent: userAgent && hidden,
  }
}
