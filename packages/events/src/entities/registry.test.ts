import { expect, test } from 'vitest'
import type { ChildTable, Entity } from './entity.ts'
import { minimise } from '../webhooks/event-job.ts'
import { entities, messages } from './registry.ts'
import { readRow } from '../read-row.ts'

test('no two entities, tables or event types share a name', () => {
  const tables = entities.flatMap(({ table, children }) => [table, ...children.map((c) => c.table)])
  const types = entities.flatMap(({ upsertedBy, deletedBy }) => [...upsertedBy, ...deletedBy])
  types.push(...messages.types)
  for (const names of [entities.map(({ name }) => name), tables, types]) {
    expect(new Set(names).size).toBe(names.length)
  }
})

test('no two columns of a table share a name', () => {
  for (const { columns, children } of entities) {
    for (const table of [columns, ...children.map((child) => child.columns)]) {
      const names = table.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    }
  }
})

test('names that SQL statements are built from need no quotes', () => {
  for (const { table, columns, children } of entities) {
    const names = [table, ...columns.map(({ name }) => name)]
    for (const child of children) {
      names.push(child.table, child.parentColumn, ...child.columns.map(({ name }) => name))
    }
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([])
  }
})

test('what things are part of is itself part of nothing, so that a cascade has one step', () => {
  const owners = new Set<string>(entities.flatMap(({ partOf }) => partOf))
  expect([...owners].toSorted()).toEqual(['organization', 'user'])
  const parts = entities.filter(({ name }) => owners.has(name)).map(({ partOf }) => partOf)
  expect(parts).toEqual([[], []])
})

test.each(entities.filter(({ partOf }) => partOf.length > 0))(
  '$name has a column for each owner, from the same place as whom its events concern',
  ({ partOf, columns, concerns }) => {
    for (const owner of partOf) {
      const column = columns.find(({ name }) => name === `${owner}_id`)
      expect(column).toMatchObject({ type: 'id', reads: [concerns[owner]] })
      expect(column).not.toHaveProperty('optional')
    }
  },
)

test('whom an event concerns is what its columns say, too', () => {
  for (const { name, columns, concerns } of entities) {
    for (const [owner, path] of Object.entries(concerns)) {
      const column = columns.find((one) => one.name === `${owner}_id`)
      expect(column?.reads ?? [name === owner ? 'id' : undefined]).toEqual([path])
    }
  }
})

test('what tells of a person is never required, so that it can be emptied', () => {
  const columns = entities.flatMap((entity) => [
    ...entity.columns,
    ...entity.children.flatMap((child) => child.columns),
  ])
  const personal = columns.filter((column) => column.personal)
  expect(personal.length).toBeGreaterThan(20)
  expect(personal.filter(({ required }) => required)).toEqual([])
})

test('addresses and metadata of people are marked as telling of them, ids of Clerk never', () => {
  const marked = (personal: boolean) =>
    entities.flatMap((entity) =>
      [entity, ...entity.children].flatMap(({ table, columns }: Entity | ChildTable) =>
        columns
          .filter((column) => (column.personal ?? false) === personal)
          .map(({ name }) => `${table}.${name}`),
      ),
    )
  const suspicious = /metadata|email|phone|first_name|last_name|username|image|ip_address|wallet/
  expect(marked(false).filter((name) => suspicious.test(name.split('.')[1] ?? ''))).toEqual([
    'organizations.image_url',
    'organizations.public_metadata',
    'organizations.private_metadata',
  ])
  const foreign = [
    'enterprise_accounts.provider_user_id',
    'external_accounts.provider_user_id',
    'saml_accounts.provider_user_id',
    'users.external_id',
  ]
  expect(
    marked(true)
      .filter((name) => name.endsWith('_id'))
      .toSorted(),
  ).toEqual(foreign)
})

test.each(entities)('the row of $name reads no field that minimising leaves behind', (entity) => {
  const asked = new Set<string>()
  const kept = new Set<string>()
  const lists = entity.children.map(({ items }) => items)
  readRow(entity, recording(asked, lists))
  minimise(entity, recording(kept, lists))
  expect(asked.size).toBeGreaterThan(0)
  expect([...asked].filter((path) => !kept.has(path))).toEqual([])
})

/** An object that has every field and notes which are read; lists have one element, ids are equal. */
function recording(
  paths: Set<string>,
  lists: readonly string[],
  prefix = '',
): { [field: string]: unknown } {
  return new Proxy(
    {},
    {
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 0 }),
      get(_, field) {
        const path = `${prefix}${String(field)}`
        paths.add(path)
        if (path.endsWith('id')) return 'idn_1'
        const inner = recording(paths, lists, `${path}.`)
        return lists.includes(path) ? [inner] : inner
      },
    },
  )
}
