import { expect, test } from 'vitest'
import { minimise } from './minimise.ts'
import { effectOf, entities } from './registry.ts'
import { readRow } from './row.ts'

test('no two entities, tables or event types share a name', () => {
  const tables = entities.flatMap(({ table, children }) => [table, ...children.map((c) => c.table)])
  const types = entities.flatMap(({ upsertedBy, deletedBy }) => [...upsertedBy, ...deletedBy])
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

test('an unknown type has no effect, not even one named like a property of every object', () => {
  for (const type of ['', 'user', 'user.renamed', 'User.created', 'toString', '__proto__']) {
    expect(effectOf(type)).toBeUndefined()
  }
})

test.each(entities)('the row of $name reads no field that minimising leaves behind', (entity) => {
  const asked = new Set<string>()
  const kept = new Set<string>()
  readRow(entity, recording(asked))
  minimise(entity, recording(kept))
  expect(asked.size).toBeGreaterThan(0)
  expect([...asked].filter((path) => !kept.has(path))).toEqual([])
})

/** An object that has every field and notes which are read; lists have one element, ids are equal. */
function recording(paths: Set<string>, prefix = ''): { [field: string]: unknown } {
  return new Proxy(
    {},
    {
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: 0 }),
      get(_, field) {
        const path = `${prefix}${String(field)}`
        paths.add(path)
        if (path.endsWith('id')) return 'idn_1'
        const inner = recording(paths, `${path}.`)
        return path.endsWith('s') ? [inner] : inner
      },
    },
  )
}
