import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createRedisServer, provideRedisProgram } from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { bullQueueOf } from '../src/bullmq.ts'
import { checkQueue, watchForLoss } from '../src/index.ts'
import type { QueueLoss } from '../src/index.ts'
import { buildEvent, openProducer } from './open-ends.ts'
import { locate } from './redis-forms.ts'

let server: RedisServer
beforeEach(async () => {
  server = await createRedisServer(await provideRedisProgram())
})
afterEach(() => server.stop())

/** A process that has a job in the queue and has seen the queue. */
async function openProcess() {
  const { opened, enqueue } = openProducer(locate(server.url))
  const registry = new Registry()
  const losses: QueueLoss[] = []
  const watch = watchForLoss(registry, opened, (loss) => losses.push(loss))
  onTestFinished(watch.stop)
  await enqueue(buildEvent())
  const identity = bullQueueOf(opened).toKey('identity')
  await vi.waitFor(async () => expect(await server.run('EXISTS', identity)).toBe(1), 10_000)
  // The answers come in order: after two of them it has read what it wrote.
  for (let count = 0; count < 2; count += 1) await checkQueue(opened)
  const reconnected = () => vi.waitFor(() => checkQueue(opened), 10_000)
  const counted = async () => {
    const found = await registry.getSingleMetric('clerk_sync_queue_losses_total')?.get()
    return found?.values[0]?.value
  }
  return { opened, enqueue, registry, losses, counted, reconnected }
}

test('a Redis that comes back without its files is noticed once by each process', async () => {
  const processes = [await openProcess(), await openProcess()]
  await server.kill()
  await rm(join(server.dir, 'appendonlydir'), { recursive: true })
  await server.restart()
  for (const { losses, counted } of processes) {
    await vi.waitFor(() => expect(losses).toEqual(['empty']), 10_000)
    expect(await counted()).toBe(1)
  }
  await server.kill()
  await server.restart()
  for (const { losses, reconnected } of processes) {
    await reconnected()
    expect(losses).toEqual(['empty'])
  }
})

test('a Redis that comes back with an older state is noticed', async () => {
  const { losses, enqueue, opened } = await openProcess()
  const key = bullQueueOf(opened).toKey('id')
  await enqueue(buildEvent())
  // The connection of the process is new, so that it looks at the queue.
  await server.run('CLIENT', 'KILL', 'TYPE', 'normal')
  await vi.waitFor(() => checkQueue(opened), 10_000)
  await server.run('SET', key, '1')
  await server.run('CLIENT', 'KILL', 'TYPE', 'normal')
  await vi.waitFor(() => expect(losses).toEqual(['older']), 10_000)
})

test('a Redis that is emptied by hand is noticed without a new connection', async () => {
  const { losses } = await openProcess()
  await server.run('FLUSHALL')
  await vi.waitFor(() => expect(losses).toEqual(['empty']), 15_000)
})

test('a crash of Redis that keeps its files is no loss', async () => {
  const { losses, enqueue, reconnected, counted } = await openProcess()
  await enqueue(buildEvent())
  await server.kill()
  await server.restart()
  await reconnected()
  await enqueue(buildEvent())
  expect(losses).toEqual([])
  expect(await counted()).toBe(0)
})
