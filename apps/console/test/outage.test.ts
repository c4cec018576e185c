import { createFaultProxy, createTestDatabase } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'
import { migrateQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { expect, inject, test, vi } from 'vitest'
import { authorization, createTestQueue, openConsole } from './open-console.ts'

async function listQueues(boardUrl: string): Promise<Response> {
  return await fetch(`${boardUrl}/api/queues`, { headers: authorization() })
}

async function proxyTo(location: QueueLocation): Promise<FaultProxy & { location: QueueLocation }> {
  if (location.kind === 'redis') {
    const { address } = location
    if (address.form !== 'standalone') throw new Error('only one server can be behind the proxy')
    const proxy = await createFaultProxy(address.node)
    const node = { host: '127.0.0.1', port: proxy.port }
    return { ...proxy, location: { ...location, address: { ...address, node } } }
  }
  const url = new URL(location.url)
  const proxy = await createFaultProxy({ host: url.hostname, port: Number(url.port) || 5432 })
  url.host = `127.0.0.1:${proxy.port}`
  return { ...proxy, location: { ...location, url: url.href } }
}

test.each(['redis', 'postgres'] as const)(
  'while %s is unavailable the board says so without a stack trace, and works when it is back',
  async (kind) => {
    const queue = await createTestQueue(kind)
    const proxy = await proxyTo(queue.location)
    await proxy.cut()
    vi.stubEnv('NODE_ENV', 'development')
    const board = await openConsole(proxy.location)
    try {
      const answer = await listQueues(board.boardUrl)
      expect(answer.status).toBe(500)
      expect(await answer.text()).not.toMatch(/"details"|\bat .+:\d+/)
      await expect(board.checks[0]?.run()).rejects.toThrow(/ECONN|can't be reached|closed/)
      await proxy.heal()
      await vi.waitFor(async () => expect((await listQueues(board.boardUrl)).status).toBe(200), {
        timeout: 10_000,
        interval: 200,
      })
      await board.checks[0]?.run()
    } finally {
      vi.unstubAllEnvs()
      await board.close()
      await proxy.close()
      await queue.drop()
    }
  },
)

test.each(['redis', 'postgres'] as const)(
  'the console closes at once while %s is unavailable',
  async (kind) => {
    const queue = await createTestQueue(kind)
    const proxy = await proxyTo(queue.location)
    const board = await openConsole(proxy.location)
    await vi.waitFor(async () => expect((await listQueues(board.boardUrl)).status).toBe(200))
    await proxy.cut()
    const cutAt = performance.now()
    await board.close()
    expect(performance.now() - cutAt).toBeLessThan(2_000)
    await queue.drop()
  },
)

test('a console that was started before the migration shows the queue after it', async () => {
  const database = await createTestDatabase(inject('databaseUrl'))
  const location = { kind: 'postgres', url: database.url, schema: 'clerk_queue' } as const
  const board = await openConsole(location)
  try {
    expect((await listQueues(board.boardUrl)).status).toBe(500)
    await migrateQueue(location)
    await vi.waitFor(async () => expect((await listQueues(board.boardUrl)).status).toBe(200), {
      timeout: 10_000,
      interval: 200,
    })
  } finally {
    await board.close()
    await database.drop()
  }
})
