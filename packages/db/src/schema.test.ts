import { readFileSync } from 'node:fs'
import { entities } from '@clerk-sync/entities'
import type { Column, ColumnType } from '@clerk-sync/entities'
import { describe, expect, test } from 'vitest'

const schema = readFileSync(new URL('../prisma/schema.prisma', import.meta.url), 'utf8')

const prismaTypes: Record<ColumnType, string> = {
  text: 'String',
  boolean: 'Boolean',
  jsonb: 'Json',
  timestamptz: 'DateTime @db.Timestamptz(3)',
}

/** Id, version and bookkeeping, which the entity definitions leave out. */
const commonColumns = {
  id: 'String',
  updated_at: 'DateTime @db.Timestamptz(3)',
  deleted_at: 'DateTime? @db.Timestamptz(3)',
  synced_at: 'DateTime @db.Timestamptz(3)',
  event_occurred_at: 'DateTime @db.Timestamptz(3)',
  event_id: 'String',
}

/** The columns of each table in schema.prisma: name -> type with `?` and its PostgreSQL type. */
const tables = new Map(
  [...schema.matchAll(/^model \w+ \{\n(.*?)^\}/gms)].map(([, body = '']) => [
    /@@map\("(\w+)"\)/.exec(body)?.[1] ?? '',
    Object.fromEntries(
      [...body.matchAll(/^ {2}(\w+) +(\w+\??)(.*)$/gm)].map(([, name, type, attributes = '']) => {
        const [native = ''] = /@db\.\S+/.exec(attributes) ?? []
        return [name, `${type} ${native}`.trim()]
      }),
    ),
  ]),
)

function columnsOf(columns: readonly Column[], isOptional: (column: Column) => boolean) {
  return Object.fromEntries(
    columns.map((column) => {
      const [type, ...native] = prismaTypes[column.type].split(' ')
      const optional = isOptional(column) ? '?' : ''
      return [column.name, [`${type}${optional}`, ...native].join(' ')]
    }),
  )
}

const withoutOptions = (columns: Record<string, string>) =>
  Object.fromEntries(Object.entries(columns).map(([name, type]) => [name, type.replace('?', '')]))

describe.each(entities)('$table', ({ table, columns, children }) => {
  test('has exactly the columns of the entity and the common ones, empty where Clerk may be', () => {
    expect(tables.get(table)).toEqual({
      ...commonColumns,
      ...columnsOf(columns, (column) => !column.required),
    })
  })

  test.each([...children])('$table has exactly the columns of the child rows', (child) => {
    expect(withoutOptions(tables.get(child.table) ?? {})).toEqual({
      id: 'String',
      [child.parentColumn]: 'String',
      ...columnsOf(child.columns, () => false),
    })
  })
})

test('there is no table that nothing writes', () => {
  const written = entities.flatMap(({ table, children }) => [
    table,
    ...children.map((c) => c.table),
  ])
  expect([...tables.keys()].toSorted()).toEqual(
    [...written, 'tombstones', 'webhook_events'].toSorted(),
  )
})
