import { randomUUID } from 'node:crypto'
import { request } from 'node:http'
import { join } from 'node:path'
import { buildSample } from '@clerk-sync/events/samples'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import {
  createRedisServer,
  freePort,
  listenAnywhere,
  provideRedisProgram,
  startProcess,
} from '@clerk-sync/testing'
import { expect, onTestFinished, test, vi } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')
const secret = createSigningSecret()
const waitOptions = { timeout: 60_000, interval: 50 }

/** Ingest with two processes on one port. */
async function startTwo() {
  const redis = await createRedisServer(await provideRedisProgram())
  onTestFinished(() => redis.stop())
  const [port, opsPort] = [await freePort(), await freePort()]
  const ingest = startProcess(main, {
    PORT: String(port),
    OPS_PORT: String(opsPort),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'debug',
    INGEST_PROCESSES: '2',
    REDIS_URL: redis.url,
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
  })
  const ended = ingest.exitCode()
  onTestFinished(async () => {
    ingest.kill('SIGTERM')
    await ended
  })
  await vi.waitFor(() => {
    expect(ingest.output.stdout).toContain('"msg":"started"')
  }, waitOptions)
  const lines = (text: string) =>
    ingest.output.stdout
      .split('\n')
      .filter((line) => line.includes(`"msg":"${text}"`))
      .map((line) => JSON.parse(line) as { pid?: number })
  return {
    ...ingest,
    ended,
    lines,
    pids: lines('process started').map(({ pid = 0 }) => pid),
    ask: (path: string) => fetch(`http://127.0.0.1:${opsPort}${path}`),
    send: () => sendOnce(port),
  }
}

/** Sends an event over a connection of its own, and resolves with the status of the answer. */
async function sendOnce(port: number): Promise<number> {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const body = JSON.stringify(buildSample('user.created'))
  const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(Date.now() / 1000), body }
  const headers = {
    'svix-id': message.id,
    'svix-timestamp': String(message.timestamp),
    'svix-signature': sign(key, message),
    'content-length': Buffer.byteLength(body),
  }
  const answer = Promise.withResolvers<number>()
  const options = { port, host: '127.0.0.1', path: '/api/webhooks/clerk', method: 'POST', headers }
  const sent = request({ ...options, agent: false }, (response) => {
    response.resume()
    answer.resolve(response.statusCode ?? 0)
  })
  sent.on('error', answer.reject)
  sent.end(body)
  return await answer.promise
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test(
  'with INGEST_PROCESSES several processes share the port, and /metrics adds up what they did',
  { timeout: 90_000 },
  async () => {
    const ingest = await startTwo()
    expect(new Set(ingest.pids).size).toBe(2)
    const statuses = await Promise.all(Array.from({ length: 40 }, ingest.send))
    expect(new Set(statuses)).toEqual(new Set([200]))
    const answeredBy = ingest.lines('answered').map(({ pid }) => pid)
    expect(answeredBy).toHaveLength(40)
    expect(new Set(answeredBy)).toEqual(new Set(ingest.pids))

    const metrics = await (await ingest.ask('/metrics')).text()
    const accepted = 'clerk_sync_ingest_requests_total{type="user.created",outcome="accepted"}'
    expect(metrics).toContain(`${accepted} 40\n`)
    expect(metrics).toContain('clerk_sync_ingest_ack_seconds_count{outcome="accepted"} 40\n')
    expect(metrics).toContain('clerk_sync_queue_jobs{state="waiting"} 40\n')
    expect(metrics).toMatch(/^clerk_sync_build_info\{.*app="ingest"\} 1$/m)
    expect(metrics).toMatch(/^process_start_time_seconds \d+/m)
    expect((await ingest.ask('/readyz')).status).toBe(200)

    ingest.kill('SIGTERM')
    expect(await ingest.ended).toBe(0)
    expect(ingest.lines('stopped')).toHaveLength(3)
    expect(ingest.pids.filter(isRunning)).toEqual([])
  },
)

test(
  'when one of its processes ends by itself, all end, and ingest with 1',
  { timeout: 90_000 },
  async () => {
    const ingest = await startTwo()
    const [first = 0] = ingest.pids
    process.kill(first, 'SIGKILL')
    expect(await ingest.ended).toBe(1)
    expect(ingest.output.stdout).toContain('one of 2 processes ended by itself with SIGKILL')
    expect(ingest.pids.filter(isRunning)).toEqual([])
  },
)

test(
  'when the process that started them is killed, its processes end',
  { timeout: 90_000 },
  async () => {
    const ingest = await startTwo()
    ingest.kill('SIGKILL')
    await vi.waitFor(() => expect(ingest.pids.filter(isRunning)).toEqual([]), waitOptions)
  },
)

test(
  'what keeps all of its processes from starting is told once, and ingest exits with 1',
  { timeout: 90_000 },
  async () => {
    const { server, port } = await listenAnywhere()
    onTestFinished(() => void server.close())
    const ingest = startProcess(main, {
      PORT: String(port),
      OPS_PORT: String(await freePort()),
      HOST: '127.0.0.1',
      INGEST_PROCESSES: '3',
      REDIS_URL: 'redis://127.0.0.1:1',
      CLERK_WEBHOOK_SIGNING_SECRET: secret,
    })
    expect(await ingest.exitCode()).toBe(1)
    expect(ingest.output.stderr).toBe(
      [
        `ingest did not start: port ${port} is in use by another process`,
        'ingest did not start: one of its processes ended with 1',
        '',
      ].join('\n'),
    )
  },
)
