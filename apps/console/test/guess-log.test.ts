import { expect, test } from 'vitest'
import { authorization, createTestQueue, login, openConsole, recordLog } from './open-console.ts'

test('many guesses at once write few log lines, and the right password still gets in', async () => {
  const { lines, logger } = recordLog()
  const queue = await createTestQueue('redis')
  const board = await openConsole(queue.location, {}, logger)
  const url = new URL('/board', board.boardUrl)
  const guess = async () =>
    (await fetch(url, { headers: authorization({ ...login, password: 'a guess' }) })).status
  try {
    const guesses = Array.from({ length: 60 }, guess)
    expect((await fetch(url, { headers: authorization() })).status).toBe(200)
    const statuses = await Promise.all(guesses)
    const answered = statuses.filter((status) => status === 401)
    expect(new Set(statuses)).toEqual(new Set([401, 429]))
    expect(lines.filter((line) => line.includes('login refused'))).toHaveLength(answered.length)
  } finally {
    await board.close()
    await queue.drop()
  }
})
