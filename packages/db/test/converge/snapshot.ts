import type { Database } from '../../src/index.ts'
import { sortRows } from './model/expected-tables.ts'
import type { Snapshot } from './model/expected-tables.ts'
import { childTables, kinds } from './model/kinds.ts'

const own = Object.values(kinds).map(
  ({ table }) => `'${table}', ${rows(table, 'id', "- 'synced_at'")}`,
)
const children = Object.entries(childTables).map(
  ([table, parent]) => `'${table}', ${rows(table, parent)}`,
)
const ledger = `(
  SELECT jsonb_agg(jsonb_build_object(
    'id', id, 'type', type, 'entity_id', entity_id, 'user_id', user_id,
    'organization_id', organization_id, 'occurred_at', occurred_at, 'client_ip', client_ip,
    'has_values', changed_values IS NOT NULL
  )) FROM clerk.webhook_events WHERE id = ANY($2::text[])
)`
const tombstones = `(
  SELECT jsonb_agg(jsonb_build_object('entity', entity, 'id', id, 'deleted_at', deleted_at)) FROM clerk.tombstones AS t
  WHERE entity = ANY($3::text[]) AND id = ANY($1::text[])
)`
const statement = `SELECT jsonb_build_object(
  ${[...own, ...children, `'tombstones', ${tombstones}`, `'webhook_events', ${ledger}`].join(', ')}
) AS snapshot`

function rows(table: string, key: string, hidden = ''): string {
  return `(
    SELECT jsonb_agg(to_jsonb(t) ${hidden}) FROM clerk.${table} AS t WHERE ${key} = ANY($1::text[])
  )`
}

/** What the tables hold of these things and events, read in one statement. */
export async function readTables(
  db: Database,
  ids: readonly string[],
  svixIds: readonly string[],
): Promise<Snapshot> {
  const entities = Object.values(kinds).map(({ entity }) => entity)
  const [found] = await db.query<{ snapshot: Record<string, unknown> }>(
    statement,
    ids,
    svixIds,
    entities,
  )
  const tables = Object.entries(found?.snapshot ?? {}).filter(([, some]) => some !== null)
  return sortRows(withIsoTimes(Object.fromEntries(tables) as Snapshot))
}

const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/

// PostgreSQL writes a time without its zeroes and in the time zone of the session.
function withIsoTimes<T>(value: T): T {
  const text = JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'string' && isTime.test(inner) ? new Date(inner).toISOString() : inner,
  )
  return JSON.parse(text) as T
}
