import { expect, test } from 'vitest'
import { atEndOfTurn } from './joined-commands.ts'

test('a task that throws at the end of a turn stops neither the others nor a later turn', async () => {
  const fault = new Error('a fault of the task')
  const failing = atEndOfTurn(() => {
    throw fault
  })
  const beside = atEndOfTurn(() => 'beside')
  await expect(failing).rejects.toBe(fault)
  expect(await beside).toBe('beside')
  expect(await atEndOfTurn(() => 'later')).toBe('later')
})
