import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { eq, getTableName, is } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import { getViewConfig, PgTable, PgView } from 'drizzle-orm/pg-core'
import { expect, expectTypeOf, onTestFinished, test, vi } from 'vitest'
import * as clerk from '../src/drizzle.ts'
import {
  clerkTables,
  liveUsers,
  organizationMemberships,
  organizations,
  users,
} from '../src/drizzle.ts'
import { createScene } from './scene.ts'

test('selects and joins, with types', async () => {
  const { pool } = await createScene()
  const db = drizzle(pool)
  const rows = await db
    .select({
      name: users.firstName,
      organization: organizations.name,
      since: users.createdAt,
      updated: users.updatedAt,
    })
    .from(organizationMemberships)
    .innerJoin(users, eq(users.id, organizationMemberships.userId))
    .leftJoin(organizations, eq(organizations.id, organizationMemberships.organizationId))
  expectTypeOf(rows).toEqualTypeOf<
    { name: string | null; organization: string | null; since: Date | null; updated: Date }[]
  >()
  const noon = new Date('2026-01-01T12:00:00Z')
  expect(rows).toEqual([{ name: 'Ada', organization: 'Acme', since: noon, updated: noon }])
  expect(await db.select({ id: liveUsers.id }).from(liveUsers)).toEqual([{ id: 'user_ada' }])
})

test('follows relations', async () => {
  const { pool } = await createScene()
  const db = drizzle(pool, { schema: clerk })
  const found = await db.query.users.findMany({
    where: (user, { isNull }) => isNull(user.deletedAt),
    columns: { firstName: true },
    with: {
      emailAddresses: { columns: { emailAddress: true } },
      organizationMemberships: {
        columns: { role: true },
        with: { organization: { columns: { name: true } } },
      },
    },
  })
  expect(found).toEqual([
    {
      firstName: 'Ada',
      emailAddresses: [{ emailAddress: 'ada@example.com' }],
      organizationMemberships: [{ role: 'org:admin', organization: { name: 'Acme' } }],
    },
  ])
})

test('reads every table and view', async () => {
  const { pool } = await createScene()
  const db = drizzle(pool)
  const values: unknown[] = Object.values(clerk)
  const relations = values.filter((value) => is(value, PgTable) || is(value, PgView))
  expect(relations).toHaveLength(40)
  for (const relation of relations) {
    await expect(db.select().from(relation)).resolves.toBeInstanceOf(Array)
  }
  const { rows } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'clerk'::regnamespace
       AND (relkind = 'v' OR relname = ANY ($1))`,
    [relations.map(nameOf)],
  )
  expect(rows.map(({ name }) => name).toSorted()).toEqual(relations.map(nameOf).toSorted())
})

const nameOf = (relation: PgTable | PgView) =>
  is(relation, PgView) ? getViewConfig(relation).name : getTableName(relation)

test('reads the tables in a schema of another name', async () => {
  const { pool } = await createScene()
  await pool.query('ALTER SCHEMA clerk RENAME TO auth')
  const auth = clerkTables('auth')
  const db = drizzle(pool, { schema: auth })
  expect(await db.query.users.findFirst({ with: { emailAddresses: true } })).toMatchObject({
    id: 'user_ada',
    emailAddresses: [{ emailAddress: 'ada@example.com' }],
  })
})

// drizzle-kit takes seconds to start, six times.
vi.setConfig({ testTimeout: 120_000 })

const ownSchema = `
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import { users } from '../../src/drizzle.ts'

export const posts = pgTable('posts', {
  id: serial().primaryKey(),
  title: text().notNull(),
  authorId: text('author_id').references(() => users.id, { onDelete: 'cascade' }),
})
`

test("drizzle-kit migrates an application's own posts, and leaves our tables alone", async () => {
  const { url, pool, describeClerk } = await createScene()
  const cache = join(import.meta.dirname, '../.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'application-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const config = `export default {
    dialect: 'postgresql', schema: './schema.ts', out: './drizzle', dbCredentials: { url: '${url}' },
    schemaFilter: ['public'],
  }`
  await writeFile(join(directory, 'schema.ts'), ownSchema)
  await writeFile(join(directory, 'drizzle.config.ts'), config)
  const kit = async (...args: string[]) => {
    const bin = join(import.meta.dirname, '../node_modules/drizzle-kit/bin.cjs')
    const { stdout } = await promisify(execFile)(process.execPath, [bin, ...args], {
      cwd: directory,
    })
    return stdout
  }
  const before = await describeClerk()

  await kit('generate')
  const [file = ''] = (await readdir(join(directory, 'drizzle'))).filter((name) =>
    name.endsWith('.sql'),
  )
  const script = await readFile(join(directory, 'drizzle', file), 'utf8')
  expect(script.match(/^(CREATE|ALTER|DROP).*/gm)).toEqual([
    'CREATE TABLE "posts" (',
    'ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_users_id_fk" FOREIGN KEY ("author_id") REFERENCES "clerk"."users"("id") ON DELETE cascade ON UPDATE no action;',
  ])
  await kit('migrate')
  expect(await kit('push')).toContain('No changes detected')
  expect(await kit('generate')).toContain('nothing to migrate')
  await pool.query('DROP TABLE posts')
  await kit('push')
  expect(await describeClerk()).toEqual(before)

  await pool.query(`INSERT INTO posts (title, author_id) VALUES ('Notes', 'user_ada')`)
  expect(await pool.query(`DELETE FROM clerk.users WHERE id = 'user_ada'`)).toMatchObject({
    rowCount: 1,
  })
  expect((await pool.query('SELECT FROM posts')).rowCount).toBe(0)
})
