import { expect, test } from 'vitest'
import { createTypeLog } from './type-log.ts'

test('after 1,000 unknown types, no more are logged or kept in memory', () => {
  const lines: string[] = []
  const add = (_: object, message: string) => void lines.push(message)
  const log = createTypeLog({ info: add, warn: add, error: add })
  for (let n = 1; n <= 2_000; n++) log({ kind: 'left_out', type: `robot.${n}` }, 'msg_1')
  log({ kind: 'left_out', type: 'robot.1' }, 'msg_1')
  expect(lines).toHaveLength(1_000)
})
