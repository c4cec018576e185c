import { Agent, request } from 'node:http'
import { buildSample } from '@clerk-sync/events/samples'
import { parseSigningSecrets, sign } from '@clerk-sync/events'
import { readRedisFacts } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import type { MeasuredApp } from './measured-app.ts'

interface Delivery {
  readonly headers: Record<string, string>
  readonly body: string
}

/** Sends so many user.created, each of another user, to ingest, a few at a time. */
export async function fillQueue(options: {
  queue: OpenQueue
  ingest: MeasuredApp
  url: string
  secret: string
  events: number
  atOnce: number
  signal: AbortSignal
}) {
  const { queue, ingest, url, secret, events, atOnce, signal } = options
  // What the sender has to work out costs ingest no time if it is done before.
  const deliveries = Array.from({ length: events }, (_, index) => buildDelivery(secret, index))
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
  const usedBytes = await readUsedBytes(queue)
  const cpuSeconds = await ingest.readCpuSeconds()
  const startedAt = performance.now()

  const waiting = deliveries.values()
  async function sendNext(): Promise<void> {
    for (const delivery of waiting) {
      signal.throwIfAborted()
      const status = await post(url, delivery, agent)
      if (status !== 200) throw new Error(`ingest answered ${status}`)
    }
  }
  // One iterator for all: each takes the next delivery.
  try {
    await Promise.all(Array.from({ length: atOnce }, sendNext))
  } finally {
    agent.destroy()
  }
  return {
    seconds: (performance.now() - startedAt) / 1_000,
    cpuSeconds: (await ingest.readCpuSeconds()) - cpuSeconds,
    peakMegabytes: ingest.readPeakMegabytes(),
    redisBytes: (await readUsedBytes(queue)) - usedBytes,
  }
}

function buildDelivery(secret: string, index: number): Delivery {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no signing secret')
  // As long as Svix's own.
  const id = `msg_${String(index).padStart(27, '0')}`
  const timestamp = Math.floor(Date.now() / 1_000)
  const body = JSON.stringify(buildSample('user.created'))
  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'svix-id': id,
    'svix-timestamp': String(timestamp),
    'svix-signature': sign(key, { id, timestamp, body }),
  }
  return { headers, body }
}

function post(url: string, { headers, body }: Delivery, agent: Agent): Promise<number> {
  const answered = Promise.withResolvers<number>()
  const sent = request(url, { method: 'POST', headers, agent }, (response) => {
    response.resume()
    response.on('end', () => answered.resolve(response.statusCode ?? 0))
    response.on('error', answered.reject)
  })
  sent.on('error', answered.reject)
  sent.end(body)
  return answered.promise
}

async function readUsedBytes(queue: OpenQueue): Promise<number> {
  const facts = await readRedisFacts(queue)
  if (!facts) throw new Error('the queue is not on Redis')
  return facts.usedBytes
}
