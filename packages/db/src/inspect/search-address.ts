import { entities, ownerColumn } from '@clerk-sync/events'
import type { Column } from '@clerk-sync/events'
import type { Database } from '../database.ts'
import { isTooSlow, readOnly } from './read-only.ts'

/** An id that has, or had, an email address. */
export interface AddressMatch {
  /** Of the user; of the row itself where it names none, such as an open invitation. */
  readonly id: string
  /** The table that says so; the ledger's where only an earlier change had the address. */
  readonly table: string
  readonly isFormer: boolean
}

export interface AddressSearch {
  /** One for each id and table; those that have the address now come first. */
  readonly matches: readonly AddressMatch[]
  /** What could not be searched to its end. */
  readonly notes: readonly string[]
}

// More would be no address of a person.
const mostMatches = 100
// The newest: no index leads to what a change wrote.
const mostLedgerRows = 50_000

/** Where an address is kept, and the column with the id whose it is. */
const places = entities.flatMap(({ table, columns, children }) => {
  const userColumn = columns.find(({ name }) => name === ownerColumn('user'))?.name
  const holder = userColumn === undefined ? 'id' : `coalesce(${userColumn}, id)`
  const own = columns.filter(isAddress).map(({ name }) => ({ table, name, holder }))
  const ofChildren = children.flatMap((child) =>
    child.columns.filter(isAddress).map(({ name }) => ({
      table: child.table,
      name,
      holder: child.parentColumn,
    })),
  )
  return [...own, ...ofChildren]
})

function isAddress({ name, personal }: Column): boolean {
  return personal === true && name.endsWith('email_address')
}

/**
 * Finds the ids that have an email address, whatever case its letters are in, and those that had it
 * as far as the ledger knows: it has values only with AUDIT_VALUES.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function searchAddress(db: Database, address: string): Promise<AddressSearch> {
  const spelled = [...new Set([address, address.toLowerCase()])]
  const exact = await find(db, (name) => `${name} = ANY($1::text[])`, spelled)
  // No index serves this one.
  const other = await unlessTooSlow(
    find(db, (name) => `lower(${name}) = lower($1)`, address),
    `the tables are too large to search for other spellings than ${spelled.join(' and ')}`,
  )
  const current = other.found ?? exact
  const former = await unlessTooSlow(
    findInLedger(db, address),
    'the ledger is too large to search for who had the address before',
  )
  const known = new Set(current.map(({ id }) => id))
  return {
    matches: [...current, ...(former.found?.matches ?? []).filter(({ id }) => !known.has(id))],
    notes: [...other.notes, ...former.notes, ...(former.found?.notes ?? [])],
  }
}

async function find(
  db: Database,
  condition: (column: string) => string,
  value: unknown,
): Promise<AddressMatch[]> {
  const selections = places.map(
    ({ table, name, holder }) =>
      `(SELECT ${holder} AS id, '${table}' AS "table" FROM clerk.${table}
        WHERE ${condition(name)} LIMIT ${mostMatches})`,
  )
  const found = await readOnly(db, (tx) =>
    tx.query<{ id: string; table: string }>(
      `SELECT DISTINCT id, "table" FROM (${selections.join(' UNION ALL ')}) AS found`,
      value,
    ),
  )
  const order = new Map(places.map(({ table }, at) => [table, at]))
  return found
    .map((match) => ({ ...match, isFormer: false }))
    .toSorted(
      (a, b) => (order.get(a.table) ?? 0) - (order.get(b.table) ?? 0) || compare(a.id, b.id),
    )
}

async function findInLedger(
  db: Database,
  address: string,
): Promise<{ matches: AddressMatch[]; notes: string[] }> {
  return await readOnly(db, async (tx) => {
    const found = await tx.query<{ id: string }>(
      `SELECT DISTINCT coalesce(user_id, entity_id) AS id
       FROM (
         SELECT user_id, entity_id, changed_values FROM clerk.webhook_events
         ORDER BY received_at DESC LIMIT ${mostLedgerRows}
       ) AS newest
       WHERE changed_values IS NOT NULL AND coalesce(user_id, entity_id) IS NOT NULL
         AND position(lower(to_json($1::text)::text) IN lower(changed_values::text)) > 0
       LIMIT ${mostMatches}`,
      address,
    )
    const beyond = await tx.query(
      `SELECT FROM clerk.webhook_events ORDER BY received_at DESC OFFSET ${mostLedgerRows} LIMIT 1`,
    )
    const matches = found.map(({ id }) => ({ id, table: 'webhook_events', isFormer: true }))
    const note = `of the ledger the newest ${mostLedgerRows.toLocaleString('en')} events were searched for who had the address before`
    return { matches, notes: beyond.length > 0 ? [note] : [] }
  })
}

async function unlessTooSlow<T>(
  search: Promise<T>,
  note: string,
): Promise<{ found?: T; notes: string[] }> {
  try {
    return { found: await search, notes: [] }
  } catch (error) {
    if (!isTooSlow(error)) throw error
    return { notes: [note] }
  }
}

const compare = (a: string, b: string) => (a < b ? -1 : 1)
