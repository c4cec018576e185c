import { readFileSync } from 'node:fs'
import { entities } from '@clerk-sync/events'
import type { Column, ColumnType } from '@clerk-sync/events'
import { describe, expect, test } from 'vitest'

const schema = readFileSync(new URL('../prisma/schema.prisma', import.meta.url), 'utf8')

const prismaTypes: Record<ColumnType, string> = {
  text: 'String',
  id: 'String',
  boolean: 'Boolean',
  bigint: 'BigInt',
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

/** The models of schema.prisma by the names of their tables. */
const models = [...schema.matchAll(/^model \w+ \{\n(.*?)^\}/gms)].map(
  ([, body = '']) => [/@@map\("(\w+)"\)/.exec(body)?.[1] ?? '', body] as const,
)

/** The columns of each table: name -> type with `?` or `[]` and its PostgreSQL type. */
const tables = new Map(
  models.map(([table, body]) => [
    table,
    Object.fromEntries(
      [...body.matchAll(/^ {2}(\w+) +(\w+(?:\?|\[\])?)(.*)$/gm)].map(
        ([, name, type, attributes = '']) => {
          const [native = ''] = /@db\.\S+/.exec(attributes) ?? []
          return [name, `${type} ${native}`.trim()]
        },
      ),
    ),
  ]),
)

/** The first column of each index. */
const indexes = models.flatMap(([table, body]) =>
  [...body.matchAll(/@@index\(\[(\w+)/g)].map(([, column]) => `${table}.${column}`),
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

describe.each(entities)('$table', ({ table, columns, children, partOf }) => {
  test('has exactly the columns of the entity and the common ones, empty where Clerk may be', () => {
    expect(tables.get(table)).toEqual({
      ...commonColumns,
      ...columnsOf(columns, () => true),
    })
  })

  test.each([...children])('$table has exactly the columns of the child rows', (child) => {
    expect(withoutOptions(tables.get(child.table) ?? {})).toEqual({
      id: 'String',
      [child.parentColumn]: 'String',
      ...columnsOf(child.columns, () => false),
    })
  })

  test('can be emptied of everything that tells of a person', () => {
    for (const part of [{ table, columns }, ...children]) {
      const personal = part.columns.filter((column) => column.personal)
      const stay = personal.filter(({ name }) => !/\?/.test(tables.get(part.table)?.[name] ?? ''))
      expect(stay.map(({ name }) => name)).toEqual([])
    }
  })

  test('has an index for each owner that takes its rows along', () => {
    for (const owner of partOf) {
      expect(indexes).toContain(`${table}.${owner}_id`)
    }
  })
})

/** Tables of clerk-sync itself. */
const bookkeeping = [
  'tombstones',
  'webhook_events',
  'api_pace',
  'deployment',
  'backfill_runs',
  'backfills',
  'reconcile_runs',
  'reconcile_items',
]

test('there is no table that nothing writes', () => {
  const written = entities.flatMap(({ table, children }) => [
    table,
    ...children.map((c) => c.table),
  ])
  expect([...tables.keys()].toSorted()).toEqual([...written, ...bookkeeping].toSorted())
})
