import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createTurns } from './turns.ts'

function work(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

test('work that comes at once is spread over turns of the event loop, in order', async () => {
  const turns = createTurns()
  const done: number[] = []
  const all = Array.from({ length: 50 }, async (_, number) => {
    await turns.next()
    work(1)
    done.push(number)
  })
  let last = 0
  let most = 0
  while (done.length < 50) {
    await nextTurn()
    most = Math.max(most, done.length - last)
    last = done.length
  }
  await Promise.all(all)
  expect(done).toEqual(done.toSorted((a, b) => a - b))
  // Two pieces fill a turn.
  expect(most).toBeLessThanOrEqual(4)
})

test('a long line is late when its first has waited for more than a second, a short one is not', async () => {
  const turns = createTurns()
  const all = Array.from({ length: 49 }, () => turns.next())
  work(1_100)
  expect(turns.isLate()).toBe(false)
  all.push(turns.next())
  expect(turns.isLate()).toBe(true)
  await Promise.all(all)
  expect(turns.isLate()).toBe(false)
})
