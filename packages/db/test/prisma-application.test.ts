import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createTestDatabase } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { SqlQueryable } from '@prisma/driver-adapter-utils'
import type { Pool, QueryResult } from 'pg'
import { expect, inject, onTestFinished, test } from 'vitest'
import { createDatabase } from '../src/index.ts'
import { migrate } from '../src/migrate.ts'
import { createEngineOn } from '../src/schema-engine.ts'
import { prismaConfig, prismaSchema } from '../src/schemas/index.ts'
import { upsert } from './build-change.ts'
import { query } from './query.ts'
import { applyAll } from './tables.ts'

const own = `
datasource db {
  provider = "postgresql"
  schemas  = ["public", "clerk"]
}

model Post {
  id        Int        @id @default(autoincrement())
  title     String
  author_id String?
  author    ClerkUser? @relation(fields: [author_id], references: [id], onDelete: Cascade, onUpdate: NoAction)

  @@index([author_id])
  @@map("posts")
  @@schema("public")
}
`
const withPosts = prismaSchema().replace(/^model ClerkUser \{\n/m, '$&  posts Post[]\n')

const files = [
  { path: 'prisma/schema.prisma', content: own },
  { path: 'prisma/clerk.prisma', content: withPosts },
]
const config = readConfig(prismaConfig())

function readConfig(text: string) {
  const [, initShadowDb = ''] = /initShadowDb: `(.*?)`/s.exec(text) ?? []
  const [, list = ''] = /external: \[(.*?)\]/s.exec(text) ?? []
  return {
    initShadowDb,
    externalTables: [...list.matchAll(/'(.+)'/g)].map(([, name = '']) => name),
  }
}

const filters = { externalTables: config.externalTables, externalEnums: [] }

const migrations = (scripts: readonly string[]) => ({
  baseDir: '/prisma/migrations',
  lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"' },
  shadowDbInitScript: config.initShadowDb,
  migrationDirectories: scripts.map((value, index) => ({
    path: `2026010${index + 1}000000_own`,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } },
  })),
})

/** Everything in schema clerk but who refers to it. */
const describeClerk = (url: string) =>
  query(
    url,
    `SELECT relname, relkind, attname, format_type(atttypid, atttypmod), attnotnull, attcollation
     FROM pg_class LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
     WHERE relnamespace = 'clerk'::regnamespace ORDER BY relname, attnum`,
  )

// The adapter knows no "char", which PostgreSQL's own catalogue is full of.
class ReadsCatalogue extends PrismaPg {
  override async connect() {
    return readingCatalogue(await super.connect())
  }

  // Its own way drops the database before it lets go of it.
  override async connectToShadowDb() {
    const shadow = await createTestDatabase(inject('databaseUrl'))
    onTestFinished(() => shadow.drop())
    return readingCatalogue(await new PrismaPg({ connectionString: shadow.url }).connect())
  }
}

const [charOid, charArrayOid] = [18, 1002]

// As an array of "char", which it knows, and then one again.
function readingCatalogue<C extends SqlQueryable>(connection: C): C {
  const { client } = connection as unknown as { client: Pool }
  const run = client.query.bind(client) as (...args: unknown[]) => Promise<QueryResult>
  const runReadable = async (...args: unknown[]) => {
    const result = await run(...args)
    for (const field of result.fields ?? []) {
      if (field.dataTypeID === charOid) field.dataTypeID = charArrayOid
    }
    return result
  }
  Object.assign(client, { query: runReadable })
  const read = connection.queryRaw.bind(connection)
  const { Character, CharacterArray } = ColumnTypeEnum
  connection.queryRaw = async (statement) => {
    const result = await read(statement)
    const columnTypes = result.columnTypes.map((type) =>
      type === CharacterArray ? Character : type,
    )
    return { ...result, columnTypes }
  }
  return connection
}

async function createApplication() {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const engine = await createEngineOn(
    new ReadsCatalogue({ connectionString: database.url }),
    files.map(({ path, content }) => [path, content]),
  )
  onTestFinished(() => engine.free())
  /** The next migration, as "prisma migrate dev" makes it in its shadow database. */
  const nextMigration = async (...before: string[]) => {
    const { stdout } = await engine.diff({
      from: { tag: 'migrations', ...migrations(before) },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters,
    })
    return stdout ?? ''
  }
  const push = (externalTables = config.externalTables) =>
    engine.schemaPush({ force: false, schema: { files }, filters: { ...filters, externalTables } })
  return { url: database.url, engine, nextMigration, push }
}

test("Prisma migrates an application's own posts, and leaves our tables alone", async () => {
  const { url, engine, nextMigration, push } = await createApplication()
  const before = await describeClerk(url)

  const script = await nextMigration()
  expect(script.match(/^(CREATE|ALTER|DROP).*/gm)).toEqual([
    'CREATE TABLE "posts" (',
    'CREATE INDEX "posts_author_id_idx" ON "posts"("author_id");',
    'ALTER TABLE "posts" ADD CONSTRAINT "posts_author_id_fkey" FOREIGN KEY ("author_id") REFERENCES "clerk"."users"("id") ON DELETE CASCADE ON UPDATE NO ACTION;',
  ])
  await engine.applyMigrations({ migrationsList: migrations([script]), filters })
  expect(await nextMigration(script)).toContain('This is an empty migration')
  expect(await push()).toMatchObject({ executedSteps: 0, unexecutable: [], warnings: [] })
  expect(await describeClerk(url)).toEqual(before)
  // It would not have, without "external".
  expect(await push([])).not.toMatchObject({ executedSteps: 0 })
})

test("the generated client joins the application's posts and their authors", async () => {
  const { url, engine, nextMigration } = await createApplication()
  await engine.applyMigrations({ migrationsList: migrations([await nextMigration()]), filters })
  const cache = join(import.meta.dirname, '../.cache')
  await mkdir(cache, { recursive: true })
  const directory = await mkdtemp(join(cache, 'application-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  await mkdir(join(directory, 'prisma'))
  const generator = 'generator client {\n  provider = "prisma-client"\n  output = "../client"\n}\n'
  for (const { path, content } of [
    ...files,
    { path: 'prisma/generator.prisma', content: generator },
    { path: 'prisma.config.ts', content: prismaConfig() },
  ]) {
    await writeFile(join(directory, path), content)
  }
  await promisify(execFile)(
    process.execPath,
    [fileURLToPath(import.meta.resolve('prisma/build/index.js')), 'generate'],
    {
      cwd: directory,
      // Any program will do: generating runs no engine.
      env: { ...process.env, DATABASE_URL: url, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath },
    },
  )
  const { PrismaClient } = await import(join(directory, 'client/client.ts'))
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
  onTestFinished(() => prisma.$disconnect())

  const db = createDatabase({ url, maxConnections: 1 })
  onTestFinished(() => db.close())
  await applyAll(db, [
    upsert('user_ada', {
      data: {
        first_name: 'Ada',
        email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }],
      },
    }),
    upsert('orgmem_1', {
      type: 'organizationMembership.created',
      // Its organization is not there yet.
      data: { organization: { id: 'org_1' }, public_user_data: { user_id: 'user_ada' } },
    }),
  ])
  await prisma.post.create({ data: { title: 'Notes', author: { connect: { id: 'user_ada' } } } })
  const include = {
    author: {
      include: {
        email_addresses: true,
        organization_memberships: { include: { organization: true } },
      },
    },
  }
  expect(await prisma.post.findMany({ include })).toMatchObject([
    {
      title: 'Notes',
      author: {
        first_name: 'Ada',
        email_addresses: [{ email_address: 'ada@example.com' }],
        organization_memberships: [{ organization_id: 'org_1', organization: null }],
      },
    },
  ])
})

test('a further run keeps the relation fields of the application', () => {
  const [before] = withPosts.split('model ClerkEmailAddress {')
  expect(before).toContain('\n  posts Post[]\n')
  const again = prismaSchema(withPosts)
  expect(again).toMatch(/^ {2}posts Post\[\]\n\n {2}@@map\("users"\)$/m)
  expect(prismaSchema(again)).toBe(again)
  expect(again.replace('\n  posts Post[]\n', '')).toBe(prismaSchema())
})
