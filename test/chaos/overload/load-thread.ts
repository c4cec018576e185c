import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { parseSigningSecrets, sign } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { Latency, Load, LoadOptions } from './load.ts'

const tickMs = 2
// As Svix.
const timeoutMs = 15_000
const digits = 27
const users = 5_000

interface Answer {
  /** 0 when the connection was refused or closed without one. */
  readonly status: number
  readonly hasRetryAfter: boolean
}

interface Connection {
  readonly isOpen: () => boolean
  readonly send: (request: string) => Promise<Answer>
}

// Node's own HTTP client needs more CPU than the ingest that it loads.
function open({ port, hostname }: URL): Connection {
  const socket = connect(Number(port), hostname)
  let text = ''
  let answered = Promise.withResolvers<Answer>()
  const answer = (status: number, head = '') =>
    answered.resolve({ status, hasRetryAfter: /\r\nretry-after: \d+\r\n/i.test(head) })
  socket.setNoDelay(true).setEncoding('latin1').setTimeout(timeoutMs)
  socket.on('timeout', () => socket.destroy())
  socket.on('error', () => undefined)
  socket.on('close', () => answer(0))
  socket.on('data', (chunk: string) => {
    text += chunk
    const [head = '', status] = /^HTTP\/1\.1 (\d+) [\s\S]*?\r\n\r\n/.exec(text) ?? []
    const [, length = 0] = /\r\ncontent-length: (\d+)\r\n/i.exec(head) ?? []
    if (status === undefined || text.length < head.length + Number(length)) return
    text = ''
    if (/\r\nconnection: close\r\n/i.test(head)) socket.destroy()
    answer(Number(status), head)
  })
  return {
    isOpen: () => !socket.destroyed,
    send(request) {
      answered = Promise.withResolvers()
      socket.write(request)
      return answered.promise
    },
  }
}

/** Builds signed requests, each of a user who has changed. */
function createRequests({ name, secret }: LoadOptions) {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no signing secret')
  const userId = (index: number) => `user_${name}${String(index % users).padStart(digits, '0')}`
  const startedAt = Date.now() - 3_600_000
  return (index: number, { host, pathname }: URL) => {
    const id = `msg_${name}${String(index).padStart(digits, '0')}`
    const event = buildSample('user.updated', { id: userId(index), now: startedAt + index })
    const body = JSON.stringify(event)
    const timestamp = Math.floor(Date.now() / 1_000)
    const head = [
      `POST ${pathname} HTTP/1.1`,
      `host: ${host}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(body)}`,
      `svix-id: ${id}`,
      `svix-timestamp: ${timestamp}`,
      `svix-signature: ${sign(key, { id, timestamp, body })}`,
    ]
    return { id, request: `${head.join('\r\n')}\r\n\r\n${body}` }
  }
}

async function send(options: LoadOptions): Promise<Load> {
  const { rate, connections, seconds } = options
  const urls = options.urls.map((url) => new URL(url))
  const build = createRequests(options)
  // Of each webhook its own.
  const free = urls.map((): Connection[] => [])
  const acknowledged: string[] = []
  const answers = new Map<number, number>()
  const milliseconds = { accepted: [] as number[], refused: [] as number[] }
  let [opened, busy, sent, unsent, withoutRetryAfter, timeouts] = [0, 0, 0, 0, 0, 0]

  function take(at: number): Connection | undefined {
    for (let one = free[at]?.pop(); one; one = free[at]?.pop()) {
      if (one.isOpen()) return one
      opened -= 1
    }
    if (opened >= connections) return undefined
    opened += 1
    return open(urls[at]!)
  }

  async function deliver(connection: Connection, at: number): Promise<void> {
    const { id, request } = build(sent, urls[at]!)
    const sentAt = performance.now()
    sent += 1
    busy += 1
    const { status, hasRetryAfter } = await connection.send(request)
    busy -= 1
    if (connection.isOpen()) free[at]!.push(connection)
    else opened -= 1
    const took = performance.now() - sentAt
    answers.set(status, (answers.get(status) ?? 0) + 1)
    if (status === 200) acknowledged.push(id)
    if (status === 200) milliseconds.accepted.push(took)
    if (status === 503) milliseconds.refused.push(took)
    if (status === 503 && !hasRetryAfter) withoutRetryAfter += 1
    if (status === 0 && took >= timeoutMs) timeouts += 1
  }

  const startedAt = performance.now()
  const elapsed = () => (performance.now() - startedAt) / 1_000
  while (elapsed() < seconds) {
    const due = elapsed() * rate
    while (sent + unsent < due) {
      const at = sent % urls.length
      const connection = take(at)
      if (!connection) {
        if (rate !== Infinity) unsent += Math.ceil(due - sent - unsent)
        break
      }
      void deliver(connection, at)
    }
    await sleep(tickMs)
  }
  // oxlint-disable-next-line no-unmodified-loop-condition -- deliver() changes it
  while (busy > 0) await sleep(tickMs)
  return {
    sent,
    unsent,
    acknowledged,
    answers,
    withoutRetryAfter,
    timeouts,
    accepted: summarise(milliseconds.accepted),
    refused: summarise(milliseconds.refused),
  }
}

function summarise(all: number[]): Latency {
  const sorted = Float64Array.from(all).toSorted()
  const at = (part: number) =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0)
  return { median: at(0.5), p99: at(0.99), worst: at(1) }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
parentPort?.postMessage(await send(workerData as LoadOptions))
