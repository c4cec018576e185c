import { Agent, get } from 'node:http'
import { createRegistry } from '@clerk-sync/ops/metrics'
import type { Registry } from 'prom-client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTestQueue, login, openConsole, recordLog } from './open-console.ts'
import type { TestQueue } from './open-console.ts'
import type { Console } from '../src/index.ts'

const connections = 60
const guessForMs = 2_000

let queue: TestQueue
let board: Console
const { lines, logger } = recordLog()
let registry: Registry

beforeEach(async () => {
  registry = createRegistry(['console'])
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location, {}, logger, registry)
})
afterEach(async () => {
  await board.close()
  await queue.drop()
})

interface Sender {
  password?: string
  localAddress?: string
  agent?: Agent
  cookie?: string
}

/** Asks for the board with a password, and resolves with the status, the cookie and the time. */
function ask({ password = login.password, localAddress, agent, cookie }: Sender) {
  const sentAt = performance.now()
  const url = new URL('/board', board.boardUrl)
  return new Promise<{ status: number | undefined; cookie: string; tookMs: number }>((resolve) => {
    const request = get(url, {
      auth: `${login.user}:${password}`,
      agent: agent ?? new Agent(),
      ...(localAddress ? { localAddress } : {}),
      headers: cookie ? { cookie } : {},
    })
    request.on('response', (response) => {
      response.resume()
      const [set = ''] = response.headers['set-cookie'] ?? []
      const tookMs = performance.now() - sentAt
      resolve({ status: response.statusCode, cookie: set.split(';', 1)[0] ?? '', tookMs })
    })
    // The console is closed while guesses wait.
    request.on('error', () => resolve({ status: undefined, cookie: '', tookMs: 0 }))
  })
}

/** Guesses over 60 connections. Each guesses again when it has its answer. */
function guess(guesser: (at: number) => Sender) {
  const statuses = new Map<number | undefined, number>()
  const until = performance.now() + guessForMs
  const loops = Array.from({ length: connections }, async (_, at) => {
    while (performance.now() < until) {
      const { status } = await ask({ password: `guess ${at}`, ...guesser(at) })
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  })
  return { statuses, ended: Promise.all(loops) }
}

test.each([
  ['one address', () => '127.0.0.2'],
  ['sixty addresses', (at: number) => `127.0.0.${at + 2}`],
])('guesses over 60 connections from %s are limited to 20 a second', async (_, addressOf) => {
  const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true }))
  const startedAt = performance.now()
  const { statuses, ended } = guess((at) => ({
    localAddress: addressOf(at),
    ...(agents[at] ? { agent: agents[at] } : {}),
  }))
  await ended
  const seconds = (performance.now() - startedAt) / 1_000
  expect([...statuses.keys()]).toEqual([401])
  // 20 at once, then 20 a second.
  expect(statuses.get(401)).toBeLessThanOrEqual(20 + 20 * seconds)
  for (const agent of agents) agent.destroy()
})

test('meanwhile the right password passes: at once in a browser that has logged in before, and in its turn everywhere else', async () => {
  const { cookie } = await ask({})
  const { statuses, ended } = guess(() => ({ localAddress: '127.0.0.2' }))
  await expect.poll(() => statuses.get(401)).toBeGreaterThanOrEqual(20)
  const [known, other, same] = await Promise.all([
    ask({ localAddress: '127.0.0.2', cookie }),
    ask({ localAddress: '127.0.0.99' }),
    ask({ localAddress: '127.0.0.2' }),
  ])
  expect([known.status, other.status, same.status]).toEqual([200, 200, 200])
  expect(known.tookMs).toBeLessThan(same.tookMs)
  expect(other.tookMs).toBeLessThan(same.tookMs)
  await ended
})

test('guesses are counted by reason, and logged as one line at once and one a minute', async () => {
  lines.length = 0
  const { ended } = guess(() => ({ localAddress: '127.0.0.2' }))
  await ended
  const counted = await registry.getSingleMetricAsString('clerk_sync_console_logins_refused_total')
  const wrong = Number(/reason="wrong_password"\} (\d+)/.exec(counted)?.[1])
  expect(wrong).toBeGreaterThanOrEqual(20)
  const refusals = () =>
    lines.filter((line) => /refused/.test(line)).map((line) => JSON.parse(line))
  expect(refusals()).toEqual([
    expect.objectContaining({ ip: '127.0.0.2', reason: 'wrong_password', msg: 'login refused' }),
  ])
  await board.close()
  const [, summary] = refusals()
  expect(summary).toMatchObject({ refused: summary.from['127.0.0.2'], addresses: 1 })
  expect(lines.join('')).not.toMatch(/guess \d/)
})
