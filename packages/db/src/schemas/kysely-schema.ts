import { defaultTablesSchema } from '@clerk-sync/ops'
import { liveView, storedTables } from './stored-tables.ts'
import type { StoredColumn } from './stored-tables.ts'

const types: Record<StoredColumn['type'], string> = {
  id: 'string',
  text: 'string',
  'text[]': 'string[]',
  boolean: 'boolean',
  // The driver's own choice: a number would lose digits.
  bigint: 'string',
  jsonb: 'unknown',
  timestamptz: 'Date',
}

/** A TypeScript module with types for Kysely on pg: names are as in PostgreSQL, and nothing is writable. */
export function kyselySchema(header: string, schema: string = defaultTablesSchema): string {
  const interfaces = storedTables.map(({ name, about, columns }) => {
    const lines = columns.map(({ name: column, type, isNullable }) => {
      const value = isNullable && type !== 'jsonb' ? `${types[type]} | null` : types[type]
      return `  ${column}: ReadOnly<${value}>`
    })
    return `/** ${about} */\nexport interface ${typeName(name)} {\n${lines.join('\n')}\n}`
  })
  const tables = storedTables.flatMap(({ name, hasLiveView }) => [
    `  ${name}: ${typeName(name)}`,
    ...(hasLiveView ? [`  ${liveView(name)}: ${typeName(name)}`] : []),
  ])
  return `${header}
import type { ColumnType } from 'kysely'

// The next event overwrites what anybody else writes.
type ReadOnly<Value> = ColumnType<Value, never, never>

${interfaces.join('\n\n')}

/** The tables and live views by their own names, for \`db.withSchema('${schema}')\`. */
export interface ClerkTables {
${tables.join('\n')}
}

/** The same with the schema before the name, for \`db.selectFrom('${schema}.users')\`. */
export type ClerkDatabase<Schema extends string = '${schema}'> = {
  [Table in keyof ClerkTables as \`\${Schema}.\${Table}\`]: ClerkTables[Table]
}
`
}

const typeName = (table: string) =>
  `Clerk${table.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`
