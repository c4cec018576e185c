import { expect, test, vi } from 'vitest'
import {
  authorization,
  createTestQueue,
  login,
  openConsole,
  recordLog,
  untilReady,
} from './open-console.ts'

test('a change is logged with who made it, and nothing that a stranger or a reader asks for', async () => {
  const { lines, logger } = recordLog()
  const queue = await createTestQueue('redis')
  const board = await openConsole(queue.location, {}, logger)
  await untilReady(board)
  const ask = async (method: string, path: string, headers: Record<string, string>) =>
    await fetch(new URL(path, board.boardUrl), { method, headers })
  try {
    await ask('PUT', '/board/api/queues/pause', {})
    await ask('HEAD', '/replay?reason=ada@example.com', authorization())
    await ask('PUT', '/board/api/queues/resume?for=ada@example.com', authorization())
    const changes = () => lines.filter((line) => line.includes('change on the console'))
    await vi.waitFor(() => expect(changes()).not.toEqual([]))
    expect(changes().map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { operator: login.user, method: 'PUT', path: '/board/api/queues/resume', status: 200 },
    ])
    expect(lines.join('')).not.toContain('ada@example.com')
  } finally {
    await board.close()
    await queue.drop()
  }
})
