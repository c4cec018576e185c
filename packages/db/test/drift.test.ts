import { createTestDatabase } from '@clerk-sync/testing'
import { Client } from 'pg'
import { expect, inject, test } from 'vitest'
import { migrate } from '../src/migrate.ts'
import { readSchema } from '../src/migration-history.ts'
import { createSchemaEngine } from '../src/schema-engine.ts'
import { query } from './query.ts'

// The driver adapter can't read PostgreSQL's own catalogue for the engine's diff of a live database
// ("char" is no type that it knows), so both ways are built and PostgreSQL itself compares them.
const [schemaPath, schema] = await readSchema()
const serverUrl = inject('databaseUrl')

/**
 * Columns, keys and indexes in schema clerk; collations, storage and views are the migrations' own
 * (stored-tables.test.ts has the views).
 */
async function catalogue(url: string): Promise<string[]> {
  const rows = await query<{ line: string }>(
    url,
    `SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
              CASE WHEN a.attnotnull THEN ' NOT NULL' END,
              ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)) AS line
     FROM pg_class c
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
     WHERE c.relnamespace = 'clerk'::regnamespace AND c.relkind IN ('r', 'p', 'm')
       AND c.relname <> '_prisma_migrations'
     UNION ALL
     SELECT indexdef FROM pg_indexes
     WHERE schemaname = 'clerk' AND tablename <> '_prisma_migrations'
     UNION ALL
     SELECT format('%s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
     FROM pg_constraint
     WHERE connamespace = 'clerk'::regnamespace AND conrelid::regclass::text !~ '_prisma_migrations'
     ORDER BY line`,
  )
  return rows.map(({ line }) => line)
}

async function migrated(): Promise<string[]> {
  const database = await createTestDatabase(serverUrl)
  try {
    await migrate(database.url)
    return await catalogue(database.url)
  } finally {
    await database.drop()
  }
}

async function fromDatamodel(text: string): Promise<string[]> {
  const database = await createTestDatabase(serverUrl)
  const files = [{ path: schemaPath, content: text }]
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const engine = await createSchemaEngine(client, [[schemaPath, text]], 'clerk')
  try {
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    })
    await query(
      database.url,
      `CREATE SCHEMA IF NOT EXISTS clerk; SET search_path = clerk; ${stdout}`,
    )
    return await catalogue(database.url)
  } finally {
    engine.free()
    await client.end()
    await database.drop()
  }
}

const difference = (from: string[], to: string[]) => ({
  onlyInMigrations: from.filter((line) => !to.includes(line)),
  onlyInSchema: to.filter((line) => !from.includes(line)),
})

test('the migrations build exactly what schema.prisma says', async () => {
  const tables = await migrated()
  expect(tables.length).toBeGreaterThan(60)
  expect(difference(tables, await fromDatamodel(schema))).toEqual({
    onlyInMigrations: [],
    onlyInSchema: [],
  })
})

test('ids are compared byte by byte, whatever the locale, except those that are not of Clerk', async () => {
  const database = await createTestDatabase(serverUrl)
  try {
    await migrate(database.url)
    const ids = await query<{ name: string; collation: string }>(
      database.url,
      `SELECT format('%s.%s', relname, attname) AS name, collname AS collation
       FROM pg_attribute
       JOIN pg_class ON pg_class.oid = attrelid
       JOIN pg_collation ON pg_collation.oid = attcollation
       WHERE relnamespace = 'clerk'::regnamespace AND relkind = 'r'
         AND relname <> '_prisma_migrations' AND attname ~ '(^|_)(id|by)$'
       ORDER BY name`,
    )
    expect(ids.length).toBeGreaterThan(50)
    expect(ids.filter(({ collation }) => collation !== 'C').map(({ name }) => name)).toEqual([
      'backfill_runs.started_by',
      'enterprise_accounts.provider_user_id',
      'external_accounts.provider_user_id',
      'reconcile_runs.started_by',
      'saml_accounts.provider_user_id',
      'users.external_id',
    ])
  } finally {
    await database.drop()
  }
})

test.each([
  ['a column', /^model User \{/m, '$&\n  nickname String?', ['users.nickname text']],
  ['a type', /^(  role +)String\?/m, '$1Int?', ['organization_memberships.role integer']],
  ['an obligation', /^(  slug +)String\?/m, '$1String', ['organizations.slug text NOT NULL']],
  [
    'an index',
    /@@index\(\[slug\], type: Hash\)/,
    '$&\n  @@index([name])',
    ['CREATE INDEX organizations_name_idx ON clerk.organizations USING btree (name)'],
  ],
])('%s that only schema.prisma has is seen', async (_, place, text, expected) => {
  const changed = schema.replace(place, text)
  expect(changed).not.toBe(schema)
  const { onlyInSchema } = difference(await migrated(), await fromDatamodel(changed))
  expect(onlyInSchema).toEqual(expect.arrayContaining(expected))
})
