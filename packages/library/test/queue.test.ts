import { locateQueue, openQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { createFaultProxy } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { createWebhookHandler } from '../src/webhooks.ts'
import { delivery, freshId, signingSecret, userEvent } from './delivery.ts'

// No other test has its queue there.
const target = new URL(`${inject('redisUrl')}/12`)
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

test('with redisUrl an event is in the queue when it is answered 200, and 503 tells that it is not', async () => {
  const proxy = await createFaultProxy({ host: target.hostname, port: Number(target.port) })
  onTestFinished(() => proxy.close())
  const redisUrl = `redis://127.0.0.1:${proxy.port}${target.pathname}`
  const handler = createWebhookHandler({ redisUrl, signingSecret, logger: silent })
  onTestFinished(() => handler.close())

  const [id, svixId] = [freshId(), freshId('msg')]
  const event = userEvent(id)
  expect((await handler(delivery(event, { svixId }))).status).toBe(200)
  const location = locateQueue({ redisUrl: target.href, databaseUrl: undefined })
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  const job = await vi.waitFor(() => bullQueueOf(opened).getJob(svixId))
  expect(job?.data).toMatchObject({ svixId, type: 'user.created', entityId: id, data: { id } })

  await proxy.cut()
  const late = freshId('msg')
  const refused = await handler(delivery(event, { svixId: late }))
  expect(refused.status).toBe(503)
  expect(refused.headers.get('retry-after')).toBe('30')
  await proxy.heal()
  expect((await handler(delivery(event, { svixId: late }))).status).toBe(200)
  await bullQueueOf(opened).obliterate({ force: true })
})
