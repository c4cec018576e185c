import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Counter, Registry } from 'prom-client'
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createLogger } from './logger.ts'
import { createOpsServer } from './ops-server.ts'
import type { Check } from './ops-server.ts'

const passes = (name: string): Check => ({ name, run: async () => undefined })
const fails = (name: string, error: unknown): Check => ({
  name,
  // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- a check may do so
  run: () => Promise.reject(error),
})

async function open(checks: readonly Check[] | (() => readonly Check[]) = []) {
  const registry = new Registry()
  const lines: string[] = []
  const options = { name: 'test', level: 'info' } as const
  const logger = createLogger(options, { write: (line) => lines.push(line) })
  const server = await createOpsServer({
    port: 0,
    host: '127.0.0.1',
    registry,
    logger,
    checks: typeof checks === 'function' ? checks : () => checks,
  })
  onTestFinished(() => server.close())
  return {
    server,
    registry,
    lines,
    get: (path: string) => fetch(`http://127.0.0.1:${server.port}${path}`),
  }
}

async function readiness(get: (path: string) => Promise<Response>) {
  const response = await get('/readyz')
  return { status: response.status, ...((await response.json()) as object) }
}

describe('/livez', () => {
  test('is 200 whatever is missing', async () => {
    const { get } = await open([fails('queue', new Error('refused'))])
    const response = await get('/livez')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ live: true })
  })
})

describe('/readyz', () => {
  afterEach(() => void vi.useRealTimers())

  test('is 200 when nothing is missing', async () => {
    const { get } = await open([passes('queue'), passes('database')])
    expect(await readiness(get)).toEqual({
      status: 200,
      ready: true,
      checks: { queue: 'ok', database: 'ok' },
    })
  })

  test('is 503 and gives the result of every check, with the reason of those that fail', async () => {
    const { get } = await open([
      passes('queue'),
      fails('database', new Error('migrations are missing')),
      fails('disk', 'full'),
      {
        name: 'clock',
        run() {
          throw new Error('thrown before there was a promise')
        },
      },
    ])
    expect(await readiness(get)).toEqual({
      status: 503,
      ready: false,
      checks: {
        queue: 'ok',
        database: 'migrations are missing',
        disk: 'full',
        clock: 'thrown before there was a promise',
      },
    })
  })

  test('runs the checks at each request', async () => {
    let checks: Check[] = [fails('started', new Error('still starting'))]
    const { get } = await open(() => checks)
    expect(await readiness(get)).toMatchObject({ status: 503 })
    checks = [passes('queue')]
    expect(await readiness(get)).toMatchObject({ status: 200, checks: { queue: 'ok' } })
    checks = [fails('queue', new Error('refused'))]
    expect(await readiness(get)).toMatchObject({ status: 503, checks: { queue: 'refused' } })
  })

  test('tells no names of hosts and roles, which the log has once for each new reason', async () => {
    const errors = ['connect ECONNREFUSED 10.1.2.3:5432', 'role "writer7" does not exist']
    let check = fails('database', new Error(errors[0]))
    const { get, lines } = await open(() => [check])
    for (const error of errors) {
      check = fails('database', new Error(error))
      for (let n = 0; n < 3; n++) {
        expect(await (await get('/readyz')).text()).not.toMatch(/10\.1|writer7/)
      }
    }
    const logged = lines.map((line) => JSON.parse(line))
    expect(logged).toMatchObject(
      errors.map((message) => ({ msg: 'not ready', check: 'database', error: { message } })),
    )
  })

  test('reports a check that hangs after three seconds, beside the others', async () => {
    const asked = Promise.withResolvers<void>()
    const late = Promise.withResolvers<void>()
    const hangs: Check = {
      name: 'database',
      run() {
        asked.resolve()
        return late.promise
      },
    }
    const { get } = await open([passes('queue'), hangs])
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const answer = readiness(get)
    const answered = vi.fn<() => void>()
    void answer.then(answered)
    await asked.promise
    vi.advanceTimersByTime(2_999)
    await new Promise(setImmediate)
    expect(answered).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(await answer).toEqual({
      status: 503,
      ready: false,
      checks: { queue: 'ok', database: 'no answer in time' },
    })
    // An unhandled rejection would end the process.
    late.reject(new Error('too late'))
  })
})

describe('/metrics', () => {
  test('shows what the registry holds now, as Prometheus reads it', async () => {
    const { get, registry } = await open()
    const counter = new Counter({ name: 'answers_total', help: 'Answers.', registers: [registry] })
    counter.inc(42)
    const response = await get('/metrics')
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe(registry.contentType)
    expect(await response.text()).toContain('\nanswers_total 42\n')
    counter.inc()
    expect(await (await get('/metrics')).text()).toContain('\nanswers_total 43\n')
  })
})

describe('the server', () => {
  test('knows no other path', async () => {
    const { get } = await open()
    expect((await get('/')).status).toBe(404)
  })

  test('closes at once although a client keeps its connection', async () => {
    const { server, get } = await open()
    await (await get('/livez')).text()
    await server.close()
    await expect(get('/livez')).rejects.toThrow('fetch failed')
  })

  test('refuses to open on a port in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    onTestFinished(() => void other.close())
    const { port } = other.address() as AddressInfo
    const opening = createOpsServer({
      port,
      host: '127.0.0.1',
      registry: new Registry(),
      logger: createLogger({ name: 'test', level: 'silent' }),
      checks: () => [],
    })
    await expect(opening).rejects.toMatchObject({ code: 'EADDRINUSE', port })
  })
})
