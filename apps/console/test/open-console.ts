import { randomBytes } from 'node:crypto'
import { createLogger } from '@clerk-sync/ops'
import { migrateQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { createTestDatabase } from '@clerk-sync/testing'
import { inject } from 'vitest'
import { startConsole } from '../src/index.ts'
import type { Console } from '../src/index.ts'

export const login = { user: 'operator', password: 'correct horse: battery' }

/** A queue of its own, on either backend. */
export interface TestQueue {
  location: QueueLocation
  drop(): Promise<void>
}

export async function createTestQueue(kind: QueueLocation['kind']): Promise<TestQueue> {
  if (kind === 'redis') {
    const prefix = `{console-${randomBytes(6).toString('hex')}}`
    return { location: { kind, url: inject('redisUrl'), prefix }, drop: async () => {} }
  }
  const database = await createTestDatabase(inject('databaseUrl'))
  const location = { kind, url: database.url, schema: 'clerk_queue' }
  await migrateQueue(location)
  return { location, drop: () => database.drop() }
}

/** A console on a free port. */
export async function openConsole(queue: QueueLocation): Promise<Console> {
  const config = {
    queue,
    login,
    BOARD_PORT: 0,
    HOST: '127.0.0.1',
    OPS_PORT: 0,
    LOG_LEVEL: 'silent' as const,
    SHUTDOWN_TIMEOUT_MS: 1_000,
  }
  return await startConsole(config, { logger: createLogger({ name: 'test', level: 'silent' }) })
}

export function authorization({ user, password } = login): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}
