import { randomBytes } from 'node:crypto'
import { createLogger } from '@clerk-sync/ops/process'
import { createRegistry } from '@clerk-sync/ops/metrics'
import { migrateQueue, parseRedisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { createTestDatabase } from '@clerk-sync/testing'
import { inject, vi } from 'vitest'
import { startConsole } from '../src/index.ts'
import type { Console, ConsoleConfig } from '../src/index.ts'

export const login = {
  kind: 'password',
  user: 'operator',
  password: 'correct horse: battery',
} as const

/** A queue of its own, on either backend. */
export interface TestQueue {
  location: QueueLocation
  drop(): Promise<void>
}

export async function createTestQueue(kind: QueueLocation['kind']): Promise<TestQueue> {
  if (kind === 'redis') {
    const prefix = `{console-${randomBytes(6).toString('hex')}}`
    return {
      location: { kind, address: parseRedisUrl(inject('redisUrl')), prefix },
      drop: async () => {},
    }
  }
  const database = await createTestDatabase(inject('databaseUrl'))
  const location = { kind, url: database.url, schema: 'clerk_queue' }
  await migrateQueue(location)
  return { location, drop: () => database.drop() }
}

/** A console on a free port, behind a password unless it is told otherwise. */
export async function openConsole(
  queue: QueueLocation,
  settings: Partial<ConsoleConfig> = {},
  logger = createLogger({ name: 'test', level: 'silent' }),
  registry = createRegistry(['console']),
): Promise<Console> {
  const config = {
    queue,
    login,
    showData: false,
    BOARD_PORT: 0,
    HOST: '127.0.0.1',
    OPS_PORT: 0,
    LOG_LEVEL: 'silent' as const,
    SHUTDOWN_TIMEOUT_MS: 1_000,
    ...settings,
  }
  return await startConsole(config, { logger, registry })
}

/** Waits for its queue: that fails fast, also in the moment before its first connection. */
export async function untilReady(board: Console): Promise<void> {
  await vi.waitFor(() => Promise.all(board.checks.map((check) => check.run())), { timeout: 5_000 })
}

export function authorization({ user, password }: { user: string; password: string } = login): {
  authorization: string
} {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

/** A logger at info, and the lines that it has written. */
export function recordLog() {
  const lines: string[] = []
  const options = { name: 'test', level: 'info' } as const
  return { lines, logger: createLogger(options, { write: (line) => lines.push(line) }) }
}
