import { randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { createSigningSecret, parseSigningSecrets, selectKept, sign } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { createLogger } from '@clerk-sync/ops/process'
import { defaultEnqueueTimeoutMs, locateQueue } from '@clerk-sync/queue'
import { createFaultProxy } from '@clerk-sync/testing'
import { Registry } from 'prom-client'
import { expect, inject, onTestFinished, test, vi } from 'vitest'
import { defaultLimits, startIngest } from '../src/index.ts'

const secrets = parseSigningSecrets(createSigningSecret())
const lastVerified = 'clerk_sync_ingest_last_verified_event_timestamp_seconds'

async function openIngest(redisUrl: string) {
  const registry = new Registry()
  const location = locateQueue({ redisUrl, databaseUrl: undefined })
  const config = {
    OPS_PORT: 1,
    LOG_LEVEL: 'silent',
    SHUTDOWN_TIMEOUT_MS: 10_000,
    HOST: '127.0.0.1',
    PORT: 0,
    secrets,
    queue: { ...location, prefix: `{test-${randomUUID()}}` },
    instanceId: undefined,
    kept: selectKept(),
    enqueueTimeoutMs: defaultEnqueueTimeoutMs,
    ackDurability: 'enqueued',
    processes: 1,
    ...defaultLimits,
  } as const
  const logger = createLogger({ name: 'test', level: 'silent' })
  const ingest = await startIngest(config, { logger, registry })
  onTestFinished(() => ingest.close())
  return { ingest, registry, scrape: () => readSamples(registry) }
}

async function readSamples(registry: Registry): Promise<Map<string, number>> {
  const lines = (await registry.metrics()).split('\n').filter((line) => /^\w/.test(line))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }),
  )
}

function signedHeaders(body: string): Record<string, string> {
  const message = { id: `msg_${Date.now()}`, timestamp: Math.floor(Date.now() / 1_000), body }
  const [secret] = secrets
  if (!secret) throw new Error('no secret')
  return {
    'content-type': 'application/json',
    'svix-id': message.id,
    'svix-timestamp': String(message.timestamp),
    'svix-signature': sign(secret, message),
  }
}

const requests = (type: string, outcome: string) =>
  `clerk_sync_ingest_requests_total{type="${type}",outcome="${outcome}"}`

test('the time of the last verified event is absent before the first one, and refused requests do not count', async () => {
  const { ingest, scrape } = await openIngest(inject('redisUrl'))
  await fetch(ingest.webhookUrl, { method: 'POST', body: '{"type":"user.created"}' })
  const before = await scrape()
  expect(before.has(lastVerified)).toBe(false)
  expect(before.get(requests('unverified', 'invalid_signature'))).toBe(1)
  expect(before.get(requests('role.deleted', 'queue_unavailable'))).toBe(0)
  expect(before.get('clerk_sync_ingest_enqueue_seconds_count')).toBe(0)

  const body = JSON.stringify(buildSample('user.created'))
  const answer = await fetch(ingest.webhookUrl, {
    method: 'POST',
    headers: signedHeaders(body),
    body,
  })
  expect(answer.status).toBe(200)
  const after = await scrape()
  expect(after.get(lastVerified)).toBeCloseTo(Date.now() / 1_000, -1)
  expect(after.get(requests('user.created', 'accepted'))).toBe(1)
  expect(after.get('clerk_sync_ingest_enqueue_seconds_count')).toBe(1)
  expect(after.get('clerk_sync_ingest_ack_seconds_count{outcome="accepted"}')).toBe(1)
  await vi.waitFor(
    async () => expect((await scrape()).get('clerk_sync_queue_jobs{state="waiting"}')).toBe(1),
    5_000,
  )
})

test('nothing of a request whose signature was not right becomes a label', async () => {
  const { ingest, registry } = await openIngest(inject('redisUrl'))
  const made = JSON.stringify({ ...buildSample('user.created'), type: 'made.up' })
  const headers = new Headers(signedHeaders(made))
  headers.set('svix-signature', 'v1,bWFkZSB1cA==')
  const answer = await fetch(ingest.webhookUrl, { method: 'POST', headers, body: made })
  expect(answer.status).toBe(400)
  const text = await registry.metrics()
  expect(text).toContain(`${requests('unverified', 'invalid_signature')} 1`)
  expect(text).not.toContain('made.up')
  expect(text).not.toContain(headers.get('svix-id'))
})

test('a delivery is in flight until it is answered, or until its sender hangs up', async () => {
  const target = new URL(inject('redisUrl'))
  const proxy = await createFaultProxy({ host: target.hostname, port: Number(target.port) })
  onTestFinished(() => proxy.close())
  const { ingest, registry } = await openIngest(`redis://127.0.0.1:${proxy.port}`)
  // A scrape would wait for the other gauges, which read the frozen Redis.
  const gauge = registry.getSingleMetric('clerk_sync_ingest_requests_in_flight')
  const inFlight = async () => (await gauge?.get())?.values[0]?.value
  await vi.waitFor(() => ingest.checks[0]?.run(), 5_000)
  proxy.freeze()
  const body = JSON.stringify(buildSample('user.created'))
  const options = { method: 'POST', headers: signedHeaders(body), body }
  const hangUp = new AbortController()
  const answered = fetch(ingest.webhookUrl, options)
  const hungUp = fetch(ingest.webhookUrl, { ...options, signal: hangUp.signal })
  const { hostname, port } = new URL(ingest.webhookUrl)
  const unfinished = connect(Number(port), hostname)
  const head = Object.entries({ host: 'x', 'content-length': '9', ...signedHeaders('{') })
  const lines = head.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  unfinished.write(`POST /api/webhooks/clerk HTTP/1.1\r\n${lines}\r\n{`)
  await vi.waitFor(async () => expect(await inFlight()).toBe(3))
  hangUp.abort()
  await expect(hungUp).rejects.toThrow('aborted')
  unfinished.destroy()
  await vi.waitFor(async () => expect(await inFlight()).toBe(1))
  await proxy.heal()
  expect((await answered).status).toBe(200)
  await vi.waitFor(async () => expect(await inFlight()).toBe(0))
})
