import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { freePort, startProcess } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test, vi } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')
const path = '/api/webhooks/clerk'
const kib = 1024
const secret = createSigningSecret()

/** Ingest as a process of its own, whose memory can be seen. */
async function start(env: Record<string, string> = {}) {
  const [port, opsPort] = [await freePort(), await freePort()]
  const ingest = startProcess(main, {
    PORT: String(port),
    OPS_PORT: String(opsPort),
    HOST: '127.0.0.1',
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
    REDIS_URL: `${inject('redisUrl')}/6`,
    ...env,
  })
  onTestFinished(() => ingest.kill('SIGKILL'))
  await vi.waitFor(() => expect(ingest.output.stdout).toContain('"msg":"started"'), 60_000)
  const memory = (name: 'VmHWM' | 'VmRSS') => {
    const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(
      readFileSync(`/proc/${ingest.pid}/status`, 'utf8'),
    ) as unknown as [string, string]
    return Number(kilobytes) / kib
  }
  return { ...ingest, port, ops: `http://127.0.0.1:${opsPort}`, memory }
}

/** A connection, with what it has answered, and when it was closed. */
function open(
  port: number,
  text = '',
): { socket: Socket; answer: () => string; closed: Promise<unknown> } {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.setEncoding('latin1').on('data', (part: string) => (answer += part))
  socket.on('error', () => undefined)
  onTestFinished(() => void socket.destroy())
  if (text) socket.write(text)
  return { socket, answer: () => answer, closed: once(socket, 'close') }
}

/** How long a probe of its own connection takes, as Kubernetes sends it. */
async function timeLivez(ops: string): Promise<number> {
  const startedAt = performance.now()
  const { answer, closed } = open(
    Number(new URL(ops).port),
    'GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n',
  )
  await closed
  expect(answer()).toMatch(/^HTTP\/1\.1 200 /)
  return performance.now() - startedAt
}

const headersOf = (length: number, more: readonly string[] = []) =>
  [`POST ${path} HTTP/1.1`, 'host: x', `content-length: ${length}`, ...more, '', ''].join('\r\n')

const forged = () => [
  'svix-id: msg_2abcdefghijkl',
  `svix-timestamp: ${Math.floor(Date.now() / 1_000)}`,
  `svix-signature: v1,${'A'.repeat(43)}=`,
]

function signed(
  id: string,
  body = JSON.stringify(buildSample('user.created')),
): { method: string; headers: Record<string, string>; body: string } {
  const timestamp = Math.floor(Date.now() / 1_000)
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const signature = sign(key, { id, timestamp, body })
  const headers = {
    'svix-id': id,
    'svix-timestamp': String(timestamp),
    'svix-signature': signature,
  }
  return { method: 'POST', headers, body }
}

const until = (ask: () => boolean, ms = 30_000) => vi.waitFor(() => expect(ask()).toBe(true), ms)

test('600 bodies that stop before their end take bounded memory and are given up in time, and probes are answered', async () => {
  const ingest = await start()
  const length = 512 * kib
  const text = `${headersOf(length, forged())}${'x'.repeat(length - 48 * kib)}`
  const stopped = Array.from({ length: 600 }, () => open(ingest.port, text))
  const all = Promise.all(stopped.map(({ closed }) => closed))
  const probe = setInterval(() => probes.push(timeLivez(ingest.ops)), 250)
  const probes = [timeLivez(ingest.ops)]
  await all
  clearInterval(probe)
  const times = (await Promise.all(probes)).toSorted((a, b) => a - b)
  // Kubernetes waits for 5 s; a process that does nothing needs a few milliseconds.
  expect(times.at(-1)).toBeLessThan(4_000)
  expect(times[Math.floor(times.length / 2)]).toBeLessThan(500)
  // Kubernetes and Compose give it 512 MB.
  expect(ingest.memory('VmHWM')).toBeLessThan(400)
  const answers = stopped.map(({ answer }) => answer())
  expect(answers.filter((answer) => answer.includes(' 200 '))).toEqual([])
  expect(answers.filter((answer) => answer.includes('\r\nretry-after: 30\r\n'))).not.toEqual([])
  const metrics = await (await fetch(`${ingest.ops}/metrics`)).text()
  expect(metrics).toMatch(/^clerk_sync_ingest_refusals_total\{reason="body_memory"\} [1-9]/m)
  expect(metrics).toMatch(/^clerk_sync_ingest_refusals_total\{reason="timeout"\} [1-9]/m)
}, 150_000)

test('a body is not waited for when its headers can be those of no delivery', async () => {
  const { port } = await start()
  const [id = '', timestamp = '', signature = ''] = forged()
  const old = `svix-timestamp: ${Math.floor(Date.now() / 1_000) - 400}`
  const refused: [headers: string, status: string][] = [
    [headersOf(9), '400 Bad Request'],
    [headersOf(9, [id, timestamp]), '400 Bad Request'],
    [headersOf(9, [id, 'svix-timestamp: now', signature]), '400 Bad Request'],
    [headersOf(9, [id, old, signature]), '400 Bad Request'],
    [headersOf(9, [id, timestamp, 'svix-signature: v1,AAAA']), '400 Bad Request'],
    [headersOf(512 * kib + 1, forged()), '413 Payload Too Large'],
    [headersOf(9).replace(path, '/'), '404 Not Found'],
    [headersOf(9).replace('POST', 'PUT'), '405 Method Not Allowed'],
  ]
  for (const [headers, status] of refused) {
    const { answer } = open(port, headers)
    await until(() => answer().includes('\r\n\r\n{'))
    expect(answer()).toMatch(new RegExp(`^HTTP/1.1 ${status}\r\n`))
  }
}, 120_000)

test('a connection without complete headers is closed after five seconds', async () => {
  const { port } = await start()
  const startedAt = performance.now()
  const connections = [open(port), open(port, 'POST'), open(port, headersOf(9).slice(0, -2))]
  await Promise.all(connections.map(({ closed }) => closed))
  expect(performance.now() - startedAt).toBeGreaterThan(4_500)
  expect(performance.now() - startedAt).toBeLessThan(30_000)
}, 120_000)

test('beyond MAX_CONNECTIONS a delivery is answered 503, and probes still pass', async () => {
  const { port } = await start({ MAX_CONNECTIONS: '3' })
  const busy = [1, 2, 3].map(() => open(port, `${headersOf(9, forged())}{`))
  await vi.waitFor(async () => {
    const { answer, closed } = open(port, headersOf(9, forged()))
    await closed
    expect(answer()).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer()).toMatch(/\r\nretry-after: 30\r\n/)
    expect(answer()).toMatch(/{"error":"overloaded"}$/)
  }, 5_000)
  const probe = open(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => probe.answer().endsWith('{"live":true}'), 5_000)
  for (const { answer } of busy) expect(answer()).toBe('')
}, 120_000)

test('a new connection takes the place of the one that has waited longest without a request', async () => {
  const { port } = await start({ MAX_CONNECTIONS: '3' })
  const first = open(port)
  await once(first.socket, 'connect')
  const others = [open(port), open(port)]
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  const { answer } = open(port, 'GET /livez HTTP/1.1\r\nhost: x\r\n\r\n')
  await until(() => answer().endsWith('{"live":true}'), 3_000)
  await first.closed
  for (const { socket } of others) expect(socket.destroyed).toBe(false)
}, 120_000)

test('beyond MAX_REQUESTS_WAITING a delivery is answered 503 at once, and deliveries are taken again when the others are answered', async () => {
  const { port, ops } = await start({
    REDIS_URL: 'redis://127.0.0.1:1',
    MAX_REQUESTS_WAITING: '2',
    ENQUEUE_TIMEOUT_MS: '8000',
  })
  const url = `http://127.0.0.1:${port}${path}`
  const post = async (id: string) => {
    const answer = await fetch(url, signed(id))
    return [answer.status, answer.headers.get('retry-after'), await answer.json()]
  }
  const overloaded = [503, '30', { error: 'overloaded' }]
  const unavailable = [503, '30', { error: 'queue_unavailable' }]
  const answered: string[] = []
  const waiting = ['msg_1', 'msg_2'].map(async (id) => {
    const answer = await post(id)
    answered.push(id)
    return answer
  })
  await vi.waitFor(async () => expect(await post('msg_3')).toEqual(overloaded), 5_000)
  expect(answered).toEqual([])
  expect((await fetch(`${ops}/livez`)).status).toBe(200)
  expect(await Promise.all(waiting)).toEqual([unavailable, unavailable])
  expect(await post('msg_3')).toEqual(unavailable)
}, 120_000)

const worstValues = 14_900
const list = (count: number, value: string) =>
  `[${Array.from({ length: count }, () => value).join(',')}]`
const keys = (count: number, value: string) =>
  `{${Array.from({ length: count }, (_, n) => `"k${n}":${value}`).join(',')}}`
// Some values are those of the event itself. A list counts twice, and so does a number that JavaScript
// would round.
const largest: [what: string, metadata: string][] = [
  ['14,900 texts', list(worstValues, JSON.stringify('ten digits'))],
  ['14,900 keys', keys(worstValues, '1')],
  ['7,400 long numbers', list(7_400, '1234567890123456789')],
  ['7,400 keys with long numbers', keys(7_400, '1234567890123456789')],
  ['7,400 lists', list(7_400, '[]')],
  ['4,000 levels', `${'['.repeat(4_000)}${']'.repeat(4_000)}`],
  ['500 kB in one text', JSON.stringify('x'.repeat(500_000))],
]

const bodyWith = (metadata: string) => {
  const event = buildSample('user.created')
  event.data['public_metadata'] = '?'
  return JSON.stringify(event).replace('"?"', metadata)
}

// What any machine needs for it, as fast or as busy as it is now.
const manyKeys = bodyWith(keys(worstValues, '1'))
function timeOfManyKeys(): number {
  const times = 10
  const before = process.cpuUsage()
  for (let count = 0; count < times; count += 1) JSON.stringify(JSON.parse(manyKeys))
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / times
}

test.each(largest)(
  'a body with %s takes less than ten times the processor that reading and writing 14,900 keys takes',
  async (_, metadata) => {
    const { port, ops } = await start()
    const body = bodyWith(metadata)
    const post = async (count: number) => {
      for (let sent = 0; sent < count; sent += 1) {
        const answer = await fetch(
          `http://127.0.0.1:${port}${path}`,
          signed(`msg_${count}_${sent}`, body),
        )
        expect(await answer.text()).toBe('{"received":true}')
      }
    }
    const processorMs = async () => {
      const metrics = await (await fetch(`${ops}/metrics`)).text()
      return Number(/^process_cpu_seconds_total (\S+)/m.exec(metrics)?.[1]) * 1_000
    }
    await post(20)
    // The least of three: others share the processor, and its caches.
    const each: number[] = []
    const ofManyKeys: number[] = []
    for (const count of [10, 11, 12]) {
      const before = await processorMs()
      await post(count)
      each.push(((await processorMs()) - before) / count)
      ofManyKeys.push(timeOfManyKeys())
    }
    expect(Math.min(...each)).toBeGreaterThan(0)
    expect(Math.min(...each) / Math.min(...ofManyKeys)).toBeLessThan(10)
  },
  120_000,
)
