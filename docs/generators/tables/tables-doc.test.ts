import { readFileSync } from 'node:fs'
import { entities } from '@clerk-sync/events'
import { expect, test } from 'vitest'
import { bookkeeping, ledger, tombstones } from './own-tables.ts'
import { renderTablesDoc } from './tables-doc.ts'

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const text = renderTablesDoc()
const tables = entities.flatMap(({ table, columns, children }) => [
  { table, columns },
  ...children.map((child) => ({ ...child, columns: child.columns })),
])

test('docs/tables.md says what the definitions say', () => {
  const isCurrent = read('docs/tables.md') === text
  expect(isCurrent, 'write it again with "npx -y pnpm@12 docs:tables"').toBe(true)
})

test.each(tables)('$table has a section with all of its columns', ({ table, columns }) => {
  const [, section = ''] = text.split(new RegExp(`\\n##+ ${table}\\n`))
  const [own = ''] = section.split('\n#')
  for (const { name } of columns) expect(own).toContain(`| \`${name}\` `)
})

test.each([
  ['Tombstone', tombstones],
  ['WebhookEvent', ledger],
])('the columns of %s are those of the schema', (model, columns) => {
  expect(namesOf(columns).toSorted()).toEqual(columnsOf(model).toSorted())
})

test('the bookkeeping columns are those that no definition names', () => {
  const [{ columns } = { columns: [] }] = entities
  const fromClerk = ['id', 'updated_at', ...columns.map(({ name }) => name)]
  const own = columnsOf('User').filter((name) => !fromClerk.includes(name))
  expect(namesOf(bookkeeping).toSorted()).toEqual(own.toSorted())
})

const namesOf = (columns: readonly (readonly string[])[]) =>
  columns.map(([name = '']) => name.replaceAll('`', ''))

function columnsOf(model: string): string[] {
  const schema = read('packages/db/prisma/schema.prisma')
  const [, body = ''] = new RegExp(`^model ${model} \\{\\n(.*?)^\\}`, 'ms').exec(schema) ?? []
  return [...body.matchAll(/^ {2}(\w+) /gm)].map(([, name = '']) => name)
}
