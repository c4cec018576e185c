import { createFaultProxy } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import { buildEvent, openConsumer, openProducer, untilDone } from './open-ends.ts'
import { locate } from './redis-forms.ts'

async function openProxy(): Promise<FaultProxy & { url: string }> {
  const { hostname, port } = new URL(inject('redisUrl'))
  const proxy = await createFaultProxy({ host: hostname, port: Number(port || 6379) })
  onTestFinished(() => proxy.close())
  return { ...proxy, url: `redis://127.0.0.1:${proxy.port}` }
}

test('a producer whose connection a firewall has forgotten connects anew, and the event is taken', async () => {
  const proxy = await openProxy()
  const { enqueue } = openProducer(locate(proxy.url))
  await enqueue(buildEvent())
  proxy.forget()
  await expect(enqueue(buildEvent(), 15_000)).resolves.toBe('added')
})

test('a worker whose connections a firewall has forgotten connects anew, and goes on', async () => {
  const proxy = await openProxy()
  const location = locate(inject('redisUrl'))
  const behindProxy = { ...location, address: locate(proxy.url).address }
  const held = Promise.withResolvers<void>()
  const runs = openConsumer(behindProxy, () => held.promise, { lockDurationMs: 60_000 })
  const { enqueue } = openProducer(location)
  const events = [buildEvent(), buildEvent()]
  for (const event of events) await enqueue(event)
  await expect.poll(() => runs.started, { timeout: 10_000 }).toHaveLength(2)
  proxy.forget()
  held.resolve()
  const later = buildEvent()
  await enqueue(later)
  await untilDone(runs, [...events, later], 60_000)
  expect(runs.attempts).toEqual(new Set([1]))
}, 120_000)
