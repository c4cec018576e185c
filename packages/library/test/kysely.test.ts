import { Kysely, PostgresDialect } from 'kysely'
import { expect, expectTypeOf, test } from 'vitest'
import type { ClerkDatabase, ClerkTables } from '../src/kysely.ts'
import { createScene } from './scene.ts'

interface Database extends ClerkDatabase {
  posts: { id: number; author_id: string }
}

test('selects and joins, with types', async () => {
  const { pool } = await createScene()
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const rows = await db
    .selectFrom('clerk.organization_memberships as m')
    .innerJoin('clerk.live_users as u', 'u.id', 'm.user_id')
    .select(['u.first_name', 'u.updated_at', 'm.role'])
    .execute()
  expectTypeOf(rows).toEqualTypeOf<
    { first_name: string | null; updated_at: Date; role: string | null }[]
  >()
  const updated_at = new Date('2026-01-01T12:00:00Z')
  expect(rows).toEqual([{ first_name: 'Ada', updated_at, role: 'org:admin' }])
  // @ts-expect-error nothing of ours is writable
  db.updateTable('clerk.users').set({ first_name: 'Eve' })
})

test('reads the tables in a schema of another name', async () => {
  const { pool } = await createScene()
  await pool.query('ALTER SCHEMA clerk RENAME TO auth')
  const named = new Kysely<ClerkDatabase<'auth'>>({ dialect: new PostgresDialect({ pool }) })
  const short = new Kysely<ClerkTables>({ dialect: new PostgresDialect({ pool }) }).withSchema(
    'auth',
  )
  const organizations = [{ name: 'Acme' }]
  expect(await named.selectFrom('auth.organizations').select('name').execute()).toEqual(
    organizations,
  )
  expect(await short.selectFrom('organizations').select('name').execute()).toEqual(organizations)
})
