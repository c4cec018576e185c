import { defaultTablesSchema } from '@clerk-sync/ops'
import { internalTables, referencesTo, storedTables } from './stored-tables.ts'
import type { StoredColumn, StoredTable } from './stored-tables.ts'

const types: Record<StoredColumn['type'], string> = {
  id: 'String',
  text: 'String',
  'text[]': 'String[]',
  boolean: 'Boolean',
  bigint: 'BigInt',
  jsonb: 'Json',
  timestamptz: 'DateTime',
}

/** Tables that an application may refer to: their key is the id alone. */
const referable = storedTables.filter(
  ({ primaryKey, hasLiveView }) => hasLiveView && primaryKey.length === 1,
)

/**
 * Models of the tables in this schema, for a Prisma schema of several files. `previous` is what the file
 * held: relation fields to the application's own models are kept from it.
 */
export function prismaSchema(previous = '', schema: string = defaultTablesSchema): string {
  const own = ownRelations(previous)
  return `// Written by "clerk-sync schema prisma": run it again after an upgrade. It keeps relation fields to
// your own models, such as "posts Post[]" in ClerkUser, and replaces everything else.

${storedTables.map((table) => model(table, schema, own.get(modelName(table.name)) ?? [])).join('\n\n')}
`
}

/** prisma.config.ts with what keeps Prisma Migrate away from the tables. */
export function prismaConfig(schema: string = defaultTablesSchema): string {
  const tables = [...storedTables.map(({ name }) => name), ...internalTables]
  return `import { defineConfig } from 'prisma/config'

export default defineConfig({
  schema: 'prisma',
  migrations: {
    path: 'prisma/migrations',
    // For your foreign keys, in the shadow database of "prisma migrate dev".
    initShadowDb: \`
      CREATE SCHEMA ${schema};
${referable.map(({ name }) => `      CREATE TABLE ${schema}.${name} (id text PRIMARY KEY);`).join('\n')}
    \`,
  },
  datasource: { url: process.env.DATABASE_URL },
  experimental: { externalTables: true },
  tables: {
    external: [
${tables.map((name) => `      '${schema}.${name}',`).join('\n')}
    ],
  },
})
`
}

function model(table: StoredTable, schema: string, own: readonly string[]): string {
  const { name, about, columns, primaryKey, references } = table
  const isNullable = new Map(columns.map((column) => [column.name, column.isNullable]))
  const fields: [name: string, type: string, attributes: string][] = [
    ...columns.map((column): [string, string, string] => [
      column.name,
      types[column.type] + (column.isNullable && column.type !== 'text[]' ? '?' : ''),
      attributesOf(column, primaryKey),
    ]),
    ...references.map(({ column, table: target, name: relation }): [string, string, string] => [
      relation,
      modelName(target) + (isNullable.get(column) === true ? '?' : ''),
      `@relation("${name}.${column}", fields: [${column}], references: [id])`,
    ]),
    ...referencesTo(name).map(({ from, column, backName }): [string, string, string] => [
      backName,
      `${modelName(from)}[]`,
      `@relation("${from}.${column}")`,
    ]),
  ]
  const key = primaryKey.length > 1 ? [`  @@id([${primaryKey.join(', ')}])`] : []
  return [
    `/// ${about}`,
    `model ${modelName(name)} {`,
    ...aligned(fields),
    ...(own.length > 0 ? ['', ...own] : []),
    '',
    ...key,
    `  @@map("${name}")`,
    `  @@schema("${schema}")`,
    '}',
  ].join('\n')
}

function attributesOf({ name, type }: StoredColumn, primaryKey: readonly string[]): string {
  if (primaryKey.length === 1 && primaryKey[0] === name) return '@id'
  return type === 'timestamptz' ? '@db.Timestamptz(3)' : ''
}

// As "prisma format" leaves it.
function aligned(fields: readonly (readonly [string, string, string])[]): string[] {
  const width = (index: 0 | 1) => Math.max(...fields.map((field) => field[index].length))
  const [names, kinds] = [width(0), width(1)]
  return fields.map(([name, type, attributes]) =>
    `  ${name.padEnd(names)} ${type.padEnd(kinds)} ${attributes}`.trimEnd(),
  )
}

/** Of each of our models the lines of fields whose type is a model that is not ours. */
function ownRelations(text: string): Map<string, string[]> {
  const known = new Set([
    ...Object.values(types),
    ...storedTables.map(({ name }) => modelName(name)),
  ])
  const models = [...text.matchAll(/^model (\w+) \{\n(.*?)^\}/gms)]
  return new Map(
    models.map(([, name = '', body = '']) => [
      name,
      body
        .split('\n')
        .filter((line) => {
          const [, type] = /^\s+\w+\s+([A-Za-z]\w*)(?:\[\]|\?)*(?:\s|$)/.exec(line) ?? []
          return type !== undefined && !known.has(type.replace('[]', ''))
        })
        .map((line) => line.trimEnd()),
    ]),
  )
}

// The plurals of our tables are regular.
function modelName(table: string): string {
  const one = table
    .replace(/ies$/, 'y')
    .replace(/sses$/, 'ss')
    .replace(/([^s])s$/, '$1')
  return `Clerk${one.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`
}
