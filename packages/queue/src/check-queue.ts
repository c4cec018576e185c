import { SchemaMigrationRequiredError } from 'bullmq'
import type { PostgresQueueBackend } from 'bullmq'
import type { Pool } from 'pg'
import { checkSessions } from './direct-connection.ts'
import { checkKeyTypes } from './key-types.ts'
import { BrokenQueueError, bullQueueOf, isJobIn } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { countLostConnections, redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'
import { readRedisFacts, redisProblem, writeProblem } from './redis-info.ts'

/**
 * Checks that the queue can take jobs now, without adding one.
 *
 * @throws an Error with the problem in one line, and with its remedy where there is one.
 */
export async function checkQueue(opened: OpenQueue): Promise<void> {
  const client = redisClientOf(bullQueueOf(opened))
  await (client ? checkRedis(opened, client) : checkPostgres(opened))
}

async function checkRedis(opened: OpenQueue, client: RedisClient): Promise<void> {
  // Read first: the client may connect while it is checked.
  const isFirst = client.status !== 'ready' && countLostConnections(client) === 0
  const [facts, written, wrongKey] = await Promise.all([
    // An operator may forbid INFO.
    readRedisFacts(opened).catch(() => undefined),
    tryToWrite(opened, client),
    findWrongKey(opened),
  ])
  const problem =
    (facts && redisProblem(facts)) ?? (written && writeProblem(written.message, facts))
  if (problem !== undefined) throw new Error(problem, { cause: written })
  if (wrongKey) throw wrongKey
  if (!written) return
  if (written.name === 'ReplyError') throw written
  // The messages of ioredis about a missing connection do not give the reason. The first connection has
  // neither worked nor failed in the first moments of a process, or while no sentinel answers.
  const message = isFirst
    ? 'not connected to Redis yet; if it lasts, the log says why'
    : "Redis can't be reached with REDIS_URL; the log says why"
  throw new Error(message, { cause: written })
}

async function findWrongKey(opened: OpenQueue): Promise<BrokenQueueError | undefined> {
  try {
    await checkKeyTypes(opened)
    return undefined
  } catch (error) {
    // What else went wrong, the write says too.
    return error instanceof BrokenQueueError ? error : undefined
  }
}

// An empty write is refused like any other, and creates no key.
async function tryToWrite(opened: OpenQueue, client: RedisClient) {
  try {
    await client.setrange(bullQueueOf(opened).toKey('probe:write'), 0, '')
    return undefined
  } catch (error) {
    const refusal = error as Error
    // The Redis user may be allowed BullMQ's commands, but not SETRANGE.
    return refusal.message.startsWith('NOPERM') ? undefined : refusal
  }
}

// What is known to have sessions of its own.
const checked = new WeakSet<object>()

async function checkPostgres(opened: OpenQueue): Promise<void> {
  const { connection } = bullQueueOf(opened).getBackend() as unknown as PostgresQueueBackend
  // BullMQ's own pool is one of node-postgres.
  const pool = connection.pool as unknown as Pool
  if (!checked.has(pool)) {
    await checkSessions(pool.options, connection.schema)
    checked.add(pool)
  }
  await checkWrites(pool)
  try {
    await isJobIn(opened, 'failed', 'probe')
  } catch (cause) {
    if (!(cause instanceof SchemaMigrationRequiredError)) throw cause
    throw new Error("the queue's tables are missing or old: run clerk-sync migrate", { cause })
  }
}

async function checkWrites(pool: Pool): Promise<void> {
  const client = await pool.connect()
  // A session that began read-only stays so: it must not come back into the pool.
  let isDropped = true
  try {
    const { rows } = await client.query<{ readOnly: string }>(
      `SELECT current_setting('transaction_read_only') AS "readOnly"`,
    )
    isDropped = rows[0]?.readOnly === 'on'
  } finally {
    client.release(isDropped)
  }
  if (!isDropped) return
  throw new Error(
    'PostgreSQL takes no writes: set DATABASE_URL to the primary, or default_transaction_read_only of the role and the database to off',
  )
}
