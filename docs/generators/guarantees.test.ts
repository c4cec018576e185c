import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/guarantees.md', root), 'utf8')
const guarantees = text.split(/^- /m).slice(1)
const named = guarantees.map((guarantee) => {
  const [sentence = ''] = /\*\*(.+?)\*\*/.exec(guarantee) ?? []
  const [, file = '', title = ''] = /`([^`]+\.test\.ts)`: “(.+)”/.exec(guarantee) ?? []
  return { sentence, file, title }
})

test('there are guarantees', () => {
  expect(named.length).toBeGreaterThan(20)
})

test.each(named)('$sentence has its test', ({ file, title }) => {
  expect(existsSync(new URL(file, root)), `${file} is there`).toBe(true)
  const source = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'")
  expect(source.includes(title), `${file} has “${title}”`).toBe(true)
})
