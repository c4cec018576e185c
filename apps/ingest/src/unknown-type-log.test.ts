import { createLogger } from '@clerk-sync/ops/process'
import { expect, test } from 'vitest'
import { createUnknownTypeLog } from './unknown-type-log.ts'

function createLog() {
  const lines: { level: string; type: string; msg: string }[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  return {
    lines,
    note: createUnknownTypeLog(createLogger({ name: 'test', level: 'info' }, { write })),
  }
}

test('a type that Clerk has added since is logged once', () => {
  const { lines, note } = createLog()
  for (const type of ['robot.created', 'user.created', 'robot.created', 'robot.deleted']) note(type)
  expect(lines.map(({ type }) => type)).toEqual(['robot.created', 'robot.deleted'])
  expect(lines[0]).toMatchObject({
    level: 'info',
    msg: 'a type that clerk-sync does not know yet is recorded in the ledger only',
  })
})

test('after 1,000 unknown types no more are logged or remembered', () => {
  const { lines, note } = createLog()
  for (let n = 1; n <= 2_000; n++) note(`robot.${n}`)
  note('robot.1')
  expect(lines).toHaveLength(1_000)
})
