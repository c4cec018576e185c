import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/guarantees.md', root), 'utf8')
const [promises = '', tests = ''] = text.split('\n## The tests\n')

/** The first sentence of each promise, which is bold, without its links. */
const promised = [...promises.matchAll(/^- \*\*(.+?)\*\*/gm)].map(([, sentence = '']) =>
  sentence.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1'),
)
const rows = [...tests.matchAll(/^\| (.+?) +\| `([^`]+\.test\.ts)`: “(.+)” +\|$/gm)].map(
  ([, promise = '', file = '', title = '']) => ({ promise, file, title }),
)

test('every promise has its line in the table of tests, in the same order', () => {
  expect(promised.length).toBeGreaterThan(100)
  expect(rows.map(({ promise }) => promise)).toEqual(promised)
})

test.each(rows)('$promise has its test', ({ file, title }) => {
  expect(existsSync(new URL(file, root)), `${file} is there`).toBe(true)
  const source = readFileSync(new URL(file, root), 'utf8').replaceAll("\\'", "'")
  expect(source.includes(title), `${file} has “${title}”`).toBe(true)
})
