import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { buildSample } from '@clerk-sync/events/samples'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import { locateQueue, migrateQueue, openQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import {
  createRedisServer,
  createTestDatabase,
  freePort,
  listenAnywhere,
  provideRedisProgram,
  startProcess,
} from '@clerk-sync/testing'
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest'

const main = join(import.meta.dirname, '../src/main.ts')
const nowhere = 'redis://127.0.0.1:1'
const secret = createSigningSecret()

/** Ingest as a process of its own, with only these variables. */
function start(env: Record<string, string>) {
  const started = startProcess(main, env)
  onTestFinished(() => started.kill('SIGKILL'))
  return started
}

async function startReachable(env: Record<string, string>) {
  const [port, opsPort] = [await freePort(), await freePort()]
  const ingest = start({
    PORT: String(port),
    OPS_PORT: String(opsPort),
    HOST: '127.0.0.1',
    CLERK_WEBHOOK_SIGNING_SECRET: secret,
    ...env,
  })
  const ask = (path: string) => fetch(`http://127.0.0.1:${opsPort}${path}`)
  await vi.waitFor(() => expect(ingest.output.stdout).toContain('"msg":"started"'), 20_000)
  return {
    ...ingest,
    ask,
    async readiness() {
      const response = await ask('/readyz')
      return { status: response.status, ...((await response.json()) as object) }
    },
    send: (body: string) => sendSigned(`http://127.0.0.1:${port}/api/webhooks/clerk`, body),
  }
}

async function sendSigned(url: string, body: string) {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no secret')
  const message = { id: `msg_${randomUUID()}`, timestamp: Math.floor(Date.now() / 1000), body }
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'svix-id': message.id,
      'svix-timestamp': String(message.timestamp),
      'svix-signature': sign(key, message),
    },
    body,
  })
  return { svixId: message.id, status: response.status, body: await response.json() }
}

const queues = {
  async Redis() {
    // A database of its own: the queue's keys are always the same.
    return { REDIS_URL: `${inject('redisUrl')}/5` }
  },
  async PostgreSQL() {
    const database = await createTestDatabase(inject('databaseUrl'))
    onTestFinished(() => database.drop())
    await migrateQueue(locateQueue({ redisUrl: undefined, databaseUrl: database.url }))
    return { DATABASE_URL: database.url }
  },
}

/** The job of an accepted event, as a worker reads it. */
async function readJob(env: { REDIS_URL?: string; DATABASE_URL?: string }, svixId: string) {
  const location = locateQueue({ redisUrl: env.REDIS_URL, databaseUrl: env.DATABASE_URL })
  if (!location) throw new Error('no queue')
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  // It fails fast until it is connected.
  const job = await vi.waitFor(() => bullQueueOf(opened).getJob(svixId), 10_000)
  await job?.remove()
  return job?.data as unknown
}

describe('with settings that are incomplete or wrong', () => {
  test('it exits with 1 and names every missing variable with an example, without a stack', async () => {
    const startedAt = performance.now()
    const ingest = start({})
    expect(await ingest.exitCode()).toBe(1)
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect(ingest.output).toEqual({
      stdout: '',
      stderr: [
        'ingest did not start: settings are missing:',
        '  CLERK_WEBHOOK_SIGNING_SECRET is not set. Example: CLERK_WEBHOOK_SIGNING_SECRET=whsec_c2VjcmV0IGZyb20gdGhlIENsZXJrIGRhc2hib2FyZA==',
        '  REDIS_URL is not set, and no DATABASE_URL either: the queue needs one of them. Example: REDIS_URL=redis://localhost:6379',
        '',
      ].join('\n'),
    })
  })

  test('it names a malformed secret without showing it', async () => {
    const ingest = start({
      CLERK_WEBHOOK_SIGNING_SECRET: 'whsec_s3cret!s3cret',
      REDIS_URL: nowhere,
    })
    expect(await ingest.exitCode()).toBe(1)
    const { stdout, stderr } = ingest.output
    expect(stderr).toContain('CLERK_WEBHOOK_SIGNING_SECRET is wrong: signing secret 1 of 1')
    expect(stdout + stderr).not.toContain('s3cret')
    expect(stderr).not.toContain('    at ')
  })

  test.each(['PORT', 'OPS_PORT'])('it says in one line that its %s is in use', async (name) => {
    const { server, port } = await listenAnywhere()
    onTestFinished(() => void server.close())
    const ingest = start({
      CLERK_WEBHOOK_SIGNING_SECRET: secret,
      REDIS_URL: nowhere,
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      OPS_PORT: String(await freePort()),
      [name]: String(port),
    })
    expect(await ingest.exitCode()).toBe(1)
    expect(ingest.output.stderr).toBe(
      `ingest did not start: port ${port} is in use by another process\n`,
    )
  })
})

describe.each(Object.entries(queues))('with a queue on %s', (_, createQueue) => {
  test('it is ready, queues a signed event, and exits with 0 on SIGTERM', async () => {
    const queue = await createQueue()
    const ingest = await startReachable(queue)
    await vi.waitFor(
      async () =>
        expect(await ingest.readiness()).toEqual({
          status: 200,
          ready: true,
          checks: { queue: 'ok' },
        }),
      20_000,
    )
    expect(await (await ingest.ask('/livez')).json()).toEqual({ live: true })

    const { svixId, ...answer } = await ingest.send(JSON.stringify(buildSample('user.created')))
    expect(answer).toEqual({ status: 200, body: { received: true } })
    expect(await readJob(queue, svixId)).toMatchObject({ svixId, type: 'user.created' })
    expect(await (await ingest.ask('/metrics')).text()).toContain(
      'clerk_sync_ingest_requests_total{type="user.created",outcome="accepted"} 1',
    )

    ingest.kill('SIGTERM')
    expect(await ingest.exitCode()).toBe(0)
    expect(ingest.output.stderr).toBe('')
    expect(ingest.output.stdout).not.toMatch(/whsec_|Lovelace|@example\.com/)
  })

  test('it accepts an event whose metadata are nested as deep as 8 KB allow', async () => {
    const queue = await createQueue()
    const ingest = await startReachable(queue)
    await vi.waitFor(async () => expect((await ingest.ask('/readyz')).status).toBe(200), 20_000)
    const nested = `${'['.repeat(4_096)}${']'.repeat(4_096)}`
    const body = JSON.stringify(buildSample('user.updated')).replace('{"theme":"dark"}', nested)
    expect(body).toContain(nested)
    const { svixId, ...answer } = await ingest.send(body)
    expect(answer).toEqual({ status: 200, body: { received: true } })
    expect(JSON.stringify(await readJob(queue, svixId))).toContain(nested)
  })
})

test('it starts while its queue is unavailable, reports it at /readyz, refuses events and still stops', async () => {
  const ingest = await startReachable({ REDIS_URL: nowhere, ENQUEUE_TIMEOUT_MS: '300' })
  expect(await ingest.readiness()).toEqual({
    status: 503,
    ready: false,
    checks: { queue: expect.stringMatching(/\S/) },
  })
  expect((await ingest.ask('/livez')).status).toBe(200)
  expect(await ingest.send(JSON.stringify(buildSample('user.created')))).toMatchObject({
    status: 503,
    body: { error: 'queue_unavailable' },
  })
  ingest.kill('SIGTERM')
  expect(await ingest.exitCode()).toBe(0)
})

describe('with ACK_DURABILITY=fsync', () => {
  async function createRedis(appendOnly: 'yes' | 'no') {
    const settings = ['--appendonly', appendOnly, '--appendfsync', 'always']
    const redis = await createRedisServer(await provideRedisProgram(), { settings })
    onTestFinished(() => redis.stop())
    return { REDIS_URL: redis.url, ACK_DURABILITY: 'fsync' }
  }

  test('it is ready and answers 200 where Redis writes to its disk', async () => {
    const ingest = await startReachable(await createRedis('yes'))
    await vi.waitFor(
      async () =>
        expect(await ingest.readiness()).toMatchObject({
          ready: true,
          checks: { queue: 'ok', ack_durability: 'ok' },
        }),
      20_000,
    )
    expect(await ingest.send(JSON.stringify(buildSample('user.created')))).toMatchObject({
      status: 200,
    })
  })

  test('it does not start where Redis writes no file, and says what to set', async () => {
    const ingest = start({
      CLERK_WEBHOOK_SIGNING_SECRET: secret,
      HOST: '127.0.0.1',
      PORT: String(await freePort()),
      OPS_PORT: String(await freePort()),
      ...(await createRedis('no')),
    })
    expect(await ingest.exitCode()).toBe(1)
    expect(ingest.output.stderr).toBe(
      'ingest did not start: ACK_DURABILITY=fsync needs a Redis that writes to its disk: set appendonly yes\n',
    )
  })

  test('it starts while its queue is unavailable, and reports it at /readyz', async () => {
    const ingest = await startReachable({ REDIS_URL: nowhere, ACK_DURABILITY: 'fsync' })
    expect(await ingest.readiness()).toMatchObject({
      ready: false,
      checks: { ack_durability: expect.stringMatching(/\S/) },
    })
  })
})
