import { columnTypes } from '@clerk-sync/events'
import { expect, onTestFinished, test } from 'vitest'
import { deletionPolicies } from '../src/index.ts'
import { internalTables, liveView, storedTables } from '../src/schemas/stored-tables.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { applyAll, useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers
const withView = storedTables.filter(({ hasLiveView }) => hasLiveView)

/** Name, type and whether it may be null, of the columns of a table or a view, sorted. */
async function columnsOf(relation: string): Promise<string[]> {
  const rows = await tables.query<{ line: string }>(`
    SELECT format('%s %s %s', attname, format_type(atttypid, atttypmod), attnotnull) AS line
    FROM pg_attribute WHERE attrelid = 'clerk.${relation}'::regclass AND attnum > 0
      AND NOT attisdropped ORDER BY line`)
  return rows.map(({ line }) => line)
}

const primaryKeyOf = async (table: string) =>
  (
    await tables.query<{ name: string }>(`
      SELECT attname AS name FROM pg_constraint
      JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey)
      WHERE conrelid = 'clerk.${table}'::regclass AND contype = 'p'
      ORDER BY array_position(conkey, attnum)`)
  ).map(({ name }) => name)

test.each(storedTables)('$name is in PostgreSQL as it is described', async (table) => {
  const described = table.columns.map(({ name, type, isNullable }) => {
    const sql = type === 'text[]' ? type : columnTypes[type].sql
    const full = sql === 'timestamptz' ? 'timestamp(3) with time zone' : sql
    return `${name} ${full} ${isNullable ? 'f' : 't'}`
  })
  expect(await columnsOf(table.name)).toEqual(described.toSorted())
  expect(await primaryKeyOf(table.name)).toEqual(table.primaryKey)
})

test('every column with an id of something that has a table is a reference to it', () => {
  const others = storedTables.flatMap(({ columns, references, hasLiveView }) =>
    columns
      .filter(({ type, name }) => hasLiveView && type === 'id' && name !== 'id')
      .map(({ name }) => name)
      .filter((name) => !references.some((reference) => reference.column === name)),
  )
  expect([...new Set(others)].toSorted()).toEqual([
    'client_id',
    'connection_id',
    'event_id',
    'invoice_id',
    'latest_payment_id',
    'payer_id',
    'payment_id',
    'plan_id',
    'statement_id',
  ])
})

test.each(withView)(
  'live_$name has the columns of the table, and the rights of its reader',
  async ({ name }) => {
    const nullable = (lines: string[]) => lines.map((line) => line.replace(/ [tf]$/, ''))
    expect(nullable(await columnsOf(liveView(name)))).toEqual(nullable(await columnsOf(name)))
    const [view] = await tables.query<{ reloptions: string[] }>(
      `SELECT reloptions FROM pg_class WHERE oid = 'clerk.${liveView(name)}'::regclass`,
    )
    expect(view?.reloptions).toEqual(['security_invoker=true'])
  },
)

test('there is no other table', async () => {
  const found = await tables.query<{ name: string }>(
    `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'clerk' ORDER BY name`,
  )
  const known = [...storedTables.map(({ name }) => name), ...internalTables]
  expect(found.map(({ name }) => name)).toEqual(known.toSorted())
})

test('there is no other view', async () => {
  const views = await tables.query<{ name: string }>(
    `SELECT viewname AS name FROM pg_views WHERE schemaname = 'clerk' ORDER BY name`,
  )
  expect(views.map(({ name }) => name)).toEqual(
    withView.map(({ name }) => liveView(name)).toSorted(),
  )
})

// One row a table, each with its own child rows, and the same again that is deleted.
test.each(deletionPolicies)(
  'with %s the live views leave out what is deleted',
  async (deletionPolicy) => {
    const [stays, leaves] = [freshId('live'), freshId('live')]
    for (const id of [stays, leaves]) {
      const data = { email_addresses: [{ id: `${id}_idn`, email_address: 'ada@example.com' }] }
      const user = upsert(id, { data })
      const membership = upsert(`${id}_orgmem`, {
        type: 'organizationMembership.created',
        data: { organization: { id: 'org_1' }, public_user_data: { user_id: id } },
      })
      await applyAll(db, [user, membership], { deletionPolicy, auditValues: false })
    }
    await applyAll(db, [remove(leaves)], { deletionPolicy, auditValues: false })
    const seen = async (relation: string) =>
      (
        await tables.query<{ id: string }>(
          `SELECT id FROM clerk.${relation} WHERE id ~ '^(${stays}|${leaves})'`,
        )
      ).map(({ id }) => id)
    expect(await seen('live_users')).toEqual([stays])
    expect(await seen('live_email_addresses')).toEqual([`${stays}_idn`])
    expect(await seen('live_organization_memberships')).toEqual([`${stays}_orgmem`])
    expect(await seen('users')).toHaveLength(deletionPolicy === 'erase' ? 1 : 2)
  },
)

test('a live view hides what row level security hides', async () => {
  const role = `reader_${freshId().slice(-12)}`
  const id = freshId()
  await applyAll(db, [upsert(id)])
  const seen = () =>
    tables.query(`
      SET ROLE ${role}; SELECT id FROM clerk.live_users WHERE id = '${id}'`)
  await tables.query(`
    CREATE ROLE ${role}; GRANT USAGE ON SCHEMA clerk TO ${role};
    GRANT SELECT ON clerk.users, clerk.live_users TO ${role}`)
  onTestFinished(async () => {
    await tables.query(`
      ALTER TABLE clerk.users DISABLE ROW LEVEL SECURITY; DROP OWNED BY ${role}; DROP ROLE ${role}`)
  })
  expect(await seen()).toEqual([{ id }])
  await tables.query('ALTER TABLE clerk.users ENABLE ROW LEVEL SECURITY')
  expect(await seen()).toEqual([])
})
