import { defaultTablesSchema } from '@clerk-sync/ops'
import { liveView, referencesTo, storedTables } from './stored-tables.ts'
import type { StoredColumn, StoredTable } from './stored-tables.ts'

const types: Record<StoredColumn['type'], (name: string) => string> = {
  id: (name) => `text('${name}')`,
  text: (name) => `text('${name}')`,
  'text[]': (name) => `text('${name}').array()`,
  boolean: (name) => `boolean('${name}')`,
  bigint: (name) => `bigint('${name}', { mode: 'bigint' })`,
  jsonb: (name) => `jsonb('${name}')`,
  timestamptz: (name) => `time('${name}')`,
}

/**
 * A TypeScript module for drizzle-orm 0.45: tables, live views and relations, of this schema and, by a
 * function, of any other. Names are as `drizzle-kit pull` makes them.
 */
export function drizzleSchema(header: string, schema: string = defaultTablesSchema): string {
  const values = storedTables.flatMap((table) => [
    camelCase(table.name),
    ...(table.hasLiveView ? [camelCase(liveView(table.name))] : []),
  ])
  const relations = storedTables.filter(hasRelations).map(relationsName)
  const exported = [...values, ...relations]
  return `${header}
import { relations } from 'drizzle-orm'
import { bigint, boolean, jsonb, pgSchema, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'

const time = (name: string) => timestamp(name, { precision: 3, withTimezone: true })

${storedTables.map(columns).join('\n\n')}

/**
 * The tables of clerk-sync in the schema of this name, their live views, and their relations for
 * \`drizzle({ schema })\`. Read them only: the next event overwrites what you write.
 */
export function clerkTables<Schema extends string>(name: Schema) {
  const schema = pgSchema(name)
${storedTables.map(tableAndView).join('\n')}

${storedTables.filter(hasRelations).map(relationsOf).join('\n\n')}

  return {
${exported.map((one) => `    ${one},\n`).join('')}  }
}

export type ClerkTables<Schema extends string = '${schema}'> = ReturnType<typeof clerkTables<Schema>>

const clerk: ClerkTables = clerkTables('${schema}')
export default clerk

${storedTables.map(exportsOf).join('\n')}
`
}

function columns({ name, columns: all, primaryKey }: StoredTable): string {
  const lines = all.map((column) => {
    const isKey = primaryKey.length === 1 && primaryKey[0] === column.name
    const rest = isKey ? '.primaryKey()' : column.isNullable ? '' : '.notNull()'
    return `  ${camelCase(column.name)}: ${types[column.type](column.name)}${rest},`
  })
  return `const ${columnsName(name)} = () => ({\n${lines.join('\n')}\n})`
}

function tableAndView({ name, primaryKey, hasLiveView }: StoredTable): string {
  const value = camelCase(name)
  const table =
    primaryKey.length === 1
      ? `  const ${value} = schema.table('${name}', ${columnsName(name)}())`
      : `  const ${value} = schema.table('${name}', ${columnsName(name)}(), (table) => [
    primaryKey({ columns: [${primaryKey.map((key) => `table.${camelCase(key)}`).join(', ')}] }),
  ])`
  if (!hasLiveView) return table
  const view = liveView(name)
  return `${table}
  const ${camelCase(view)} = schema.view('${view}', ${columnsName(name)}()).existing()`
}

// Two relations between the same tables need names; all have one.
function relationsOf(table: StoredTable): string {
  const { name, references } = table
  const ones = references.map(
    ({
      column,
      table: target,
      name: relation,
    }) => `    ${camelCase(relation)}: one(${camelCase(target)}, {
      fields: [${camelCase(name)}.${camelCase(column)}],
      references: [${camelCase(target)}.id],
      relationName: '${name}.${column}',
    }),`,
  )
  const manies = referencesTo(name).map(
    ({ from, column, backName }) => `    ${camelCase(backName)}: many(${camelCase(from)}, {
      relationName: '${from}.${column}',
    }),`,
  )
  const uses = [...(ones.length > 0 ? ['one'] : []), ...(manies.length > 0 ? ['many'] : [])]
  return `  const ${relationsName(table)} = relations(${camelCase(name)}, ({ ${uses.join(', ')} }) => ({
${[...ones, ...manies].join('\n')}
  }))`
}

function exportsOf(table: StoredTable): string {
  const names = [
    camelCase(table.name),
    ...(table.hasLiveView ? [camelCase(liveView(table.name))] : []),
    ...(hasRelations(table) ? [relationsName(table)] : []),
  ]
  return names
    .map((name) => `export const ${name}: ClerkTables['${name}'] = clerk.${name}`)
    .join('\n')
}

const hasRelations = ({ name, references }: StoredTable) =>
  references.length > 0 || referencesTo(name).length > 0

const columnsName = (table: string) => `${camelCase(table)}Columns`
const relationsName = ({ name }: StoredTable) => `${camelCase(name)}Relations`

const camelCase = (name: string) =>
  name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
