import { join } from 'node:path'
import { createSigningSecret } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { createFaultProxy, freePort, startProcess } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { send } from '../../chain/send.ts'
import { sendLoad } from './load.ts'

const main = join(import.meta.dirname, '../../../apps/ingest/src/main.ts')
const mostWaiting = 20
const seconds = 6
// The queue answers after one second: 20 a second are taken.
const delayMs = 500
const rate = 10 * mostWaiting

test('of ten times what the queue takes, the rest is refused at once with Retry-After, and all is well when it ends', async () => {
  const redis = new URL(inject('redisUrl'))
  const proxy = await createFaultProxy({ host: redis.hostname, port: Number(redis.port) })
  onTestFinished(() => proxy.close())
  const [port, opsPort, secret] = [await freePort(), await freePort(), createSigningSecret()]
  const ingest = startProcess(main, {
    PORT: String(port),
    OPS_PORT: String(opsPort),
    HOST: '127.0.0.1',
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
    REDIS_URL: `redis://127.0.0.1:${proxy.port}/5`,
    MAX_REQUESTS_WAITING: String(mostWaiting),
  })
  onTestFinished(() => ingest.kill('SIGKILL'))
  const url = `http://127.0.0.1:${port}/api/webhooks/clerk`
  const sendOne = async () => (await send(url, secret, buildSample('user.created'))).status
  await vi.waitFor(async () => expect(await sendOne()).toBe(200), {
    timeout: 60_000,
    interval: 200,
  })

  proxy.delay(delayMs)
  const load = await sendLoad({ urls: [url], secret, name: 'T', rate, connections: 1_000, seconds })
  const { answers, accepted, refused } = load
  expect([...answers.keys()].toSorted((a, b) => a - b)).toEqual([200, 503])
  // In six seconds and the one that the first of them wait; some room for a machine that is busy.
  expect(answers.get(200)).toBeLessThanOrEqual(mostWaiting * (seconds + 2))
  expect(answers.get(503)).toBeGreaterThan(load.sent / 2)
  expect(load.withoutRetryAfter).toBe(0)
  // Refused at once, long before the others are answered.
  expect(refused.median).toBeLessThan(accepted.median / 2)
  expect(load.timeouts).toBe(0)
  expect((await fetch(`http://127.0.0.1:${opsPort}/livez`)).status).toBe(200)

  await proxy.heal()
  expect(await sendOne()).toBe(200)
}, 120_000)
