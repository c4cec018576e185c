import { randomBytes } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { expect, inject, onTestFinished, test } from 'vitest'
import { applyChanges, createDatabase, DatabaseRefusedError } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'
import { freshId, upsert } from './build-change.ts'
import { query } from './query.ts'
import { defaultRules } from './tables.ts'

/** An empty database with this encoding until the end of the test. */
async function createEncoded(encoding: string): Promise<string> {
  const server = inject('databaseUrl')
  const name = `test_${encoding.toLowerCase()}_${randomBytes(6).toString('hex')}`
  await query(
    server,
    `CREATE DATABASE ${name} ENCODING '${encoding}' LOCALE_PROVIDER libc
     LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`,
  )
  onTestFinished(() => query(server, `DROP DATABASE ${name} WITH (FORCE)`).then(() => undefined))
  return Object.assign(new URL(server), { pathname: name }).href
}

test.each(['LATIN1', 'SQL_ASCII', 'WIN1252'])(
  'an empty database in %s is not migrated',
  async (encoding) => {
    const url = await createEncoded(encoding)
    await expect(migrate(url)).rejects.toThrow(
      `the encoding of the database is ${encoding}, but it must be UTF8: create a database with CREATE DATABASE … ENCODING 'UTF8'`,
    )
    expect(await query(url, `SELECT to_regnamespace('clerk')::text AS schema`)).toEqual([
      { schema: null },
    ])
  },
)

// An earlier release migrated it.
async function createTables(url: string): Promise<void> {
  await query(
    url,
    `CREATE SCHEMA clerk; CREATE TABLE clerk._prisma_migrations (
       id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz,
       migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
       started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`,
  )
  const directory = join(import.meta.dirname, '../prisma/migrations')
  for (const file of globSync('*/migration.sql', { cwd: directory }).toSorted()) {
    const name = basename(dirname(file))
    await query(url, `SET search_path = clerk; ${readFileSync(join(directory, file), 'utf8')}`)
    await query(
      url,
      `INSERT INTO clerk._prisma_migrations (id, checksum, migration_name, finished_at)
       VALUES (left('${name}', 36), '', '${name}', now())`,
    )
  }
}

test('tables in LATIN1 stay usable, and what they can not hold is refused for good, with the reason', async () => {
  const url = await createEncoded('LATIN1')
  await createTables(url)
  expect(await migrate(url)).toEqual([])
  const db = createDatabase({ url, maxConnections: 2 })
  onTestFinished(() => db.close())
  const [known, unknown, other] = [freshId(), freshId(), freshId()]
  const results = await applyChanges(
    db,
    [
      upsert(known, { data: { first_name: 'Zoë' } }),
      upsert(unknown, { data: { first_name: 'Łukasz' } }),
      upsert(other, { data: { public_metadata: { name: '李' } } }),
    ],
    defaultRules,
  )
  expect(results.map(({ ok }) => ok)).toEqual([true, false, false])
  for (const result of results) {
    if (result.ok) continue
    expect(result.error).toBeInstanceOf(DatabaseRefusedError)
    expect(result.error).toMatchObject({
      isFinal: false,
      message: expect.stringMatching(
        /SQLSTATE 22P05.*its encoding lacks a character: it must be UTF8$/,
      ),
    })
  }
  expect(await query(url, 'SELECT first_name FROM clerk.users')).toEqual([{ first_name: 'Zoë' }])
})
