import { setTimeout as sleep } from 'node:timers/promises'
import { createTestDatabase } from '@clerk-sync/testing'
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest'
import { createDatabase, removeOldRows } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'
import type { Database } from '../src/index.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { query } from './query.ts'
import { applyAll } from './tables.ts'

let database: Awaited<ReturnType<typeof createTestDatabase>>
const open: Database[] = []
beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'))
})
afterEach(async () => {
  await Promise.all(open.splice(0).map((db) => db.close()))
  await database.drop()
})

/** As an administrator does it, for every later connection to this database. */
async function setDefaults(setting: string): Promise<void> {
  const name = new URL(database.url).pathname.slice(1)
  await query(database.url, `ALTER DATABASE ${name} SET ${setting}`)
}

function writers(count: number): Database[] {
  const made = Array.from({ length: count }, () =>
    createDatabase({ url: database.url, maxConnections: 2 }),
  )
  open.push(...made)
  return made
}

describe.each(['serializable', 'repeatable read'])('with %s as the default', (level) => {
  beforeEach(() => setDefaults(`default_transaction_isolation = '${level}'`))

  test('workers that write the same rows side by side see no conflict', async () => {
    await Promise.all([migrate(database.url), migrate(database.url)])
    const ids = Array.from({ length: 10 }, () => freshId())
    const work = writers(4).map(async (db, writer) => {
      for (let round = 0; round < 25; round += 1) {
        const changes = ids.map((id) =>
          upsert(id, {
            updatedAt: noon + round * 10 + writer,
            data: { email_addresses: [{ id: `idn_${round}_${writer}` }] },
          }),
        )
        await applyAll(db, round % 8 === 7 ? [...changes, remove(freshId())] : changes)
        if (round % 5 === 0) {
          await removeOldRows(db, { ledgerRetentionDays: 90 }, new AbortController().signal)
        }
      }
    })
    await Promise.all(work)
    const rows = await query(database.url, 'SELECT DISTINCT updated_at FROM clerk.users')
    expect(rows).toEqual([{ updated_at: new Date(noon + 243) }])
  })
})

// Longer than a busy machine takes between the connection of a session and its first statement.
const idleTimeout = `idle_session_timeout = '2s'`

// What an administrator, or a managed service, may have set.
test.each([
  `search_path = ''`,
  `search_path = 'pg_temp, nowhere'`,
  `standard_conforming_strings = off`,
  `datestyle = 'SQL, DMY'`,
  `intervalstyle = 'sql_standard'`,
  `timezone = 'Asia/Kolkata'`,
  `bytea_output = 'escape'`,
  `statement_timeout = '300ms'`,
  `lock_timeout = '50ms'`,
  `idle_in_transaction_session_timeout = '200ms'`,
  idleTimeout,
  `plan_cache_mode = 'force_generic_plan'`,
  `transform_null_equals = on`,
  `row_security = off`,
  `default_transaction_deferrable = on`,
])('with %s as the default the tables are migrated, written and read', async (setting) => {
  await setDefaults(setting)
  await migrate(database.url)
  const [db] = writers(1) as [Database]
  const id = freshId()
  const data = {
    first_name: "O'\\Hara",
    public_metadata: { quoted: `it's a \\ "back\\slash"`, number: 0.1 },
  }
  expect(await applyAll(db, [upsert(id, { updatedAt: noon + 1, data })])).toEqual(['applied'])
  // Longer than each of the limits: the connection may be closed meanwhile.
  await sleep(setting === idleTimeout ? 2_500 : 350)
  expect(await applyAll(db, [upsert(id, { updatedAt: noon })])).toEqual(['stale'])
  const [row] = await query(
    database.url,
    `SELECT first_name, public_metadata, (extract(epoch FROM updated_at) * 1000)::float8 AS updated_at
     FROM clerk.users WHERE id = '${id}'`,
  )
  expect(row).toEqual({ ...data, updated_at: noon + 1 })
  expect(await applyAll(db, [remove(id)])).toEqual(['deleted'])
})

test('with read-only transactions as the default migrate names cause and cure, and works after it', async () => {
  await setDefaults('default_transaction_read_only = on')
  await expect(migrate(database.url)).rejects.toThrow(
    /default_transaction_read_only is on: set DATABASE_URL to the primary, or BEGIN READ WRITE; ALTER DATABASE … RESET default_transaction_read_only; COMMIT, and the same for the role$/,
  )
  const name = new URL(database.url).pathname.slice(1)
  await query(
    database.url,
    `BEGIN READ WRITE; ALTER DATABASE ${name} RESET default_transaction_read_only; COMMIT`,
  )
  expect(await migrate(database.url)).not.toEqual([])
})
