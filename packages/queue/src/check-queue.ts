import { SchemaMigrationRequiredError } from 'bullmq'
import type { PostgresQueueBackend } from 'bullmq'
import { readRedisFacts } from './inspect-redis.ts'
import { isJobIn } from './job-state.ts'
import type { OpenQueue } from './open-queue.ts'
import { redisClientOf } from './redis-client.ts'
import type { RedisClient } from './redis-client.ts'
import { redisProblem, writeProblem } from './redis-health.ts'

/**
 * Whether the queue takes jobs now; it leaves none behind.
 *
 * @throws an Error that says in one line what keeps it from that, with the cure where there is one.
 */
export async function checkQueue(opened: OpenQueue): Promise<void> {
  const client = redisClientOf(opened.queue)
  await (client ? checkRedis(opened, client) : checkPostgres(opened))
}

async function checkRedis(opened: OpenQueue, client: RedisClient): Promise<void> {
  const [facts, written] = await Promise.all([
    // INFO may be forbidden.
    readRedisFacts(opened).catch(() => undefined),
    tryToWrite(opened, client),
  ])
  const problem =
    (facts && redisProblem(facts)) ?? (written && writeProblem(written.message, facts))
  if (problem !== undefined) throw new Error(problem, { cause: written })
  if (!written) return
  // What ioredis says of a connection that it lacks tells nobody anything.
  if (written.name === 'ReplyError') throw written
  throw new Error("Redis can't be reached with REDIS_URL; the log says why", { cause: written })
}

// A write of nothing: it is refused as any other is, and leaves no key.
async function tryToWrite({ queue }: OpenQueue, client: RedisClient) {
  try {
    await client.setrange(queue.toKey('probe:write'), 0, '')
    return undefined
  } catch (error) {
    const refusal = error as Error
    // A user of Redis who may do what BullMQ does, but not this.
    return refusal.message.startsWith('NOPERM') ? undefined : refusal
  }
}

async function checkPostgres({ queue }: OpenQueue): Promise<void> {
  try {
    await isJobIn({ queue }, 'failed', 'probe')
  } catch (cause) {
    if (!(cause instanceof SchemaMigrationRequiredError)) throw cause
    throw new Error("the queue's tables are missing or old: run clerk-sync migrate", { cause })
  }
  const { connection } = queue.getBackend() as unknown as PostgresQueueBackend
  const { rows } = await connection.pool.query(
    `SELECT current_setting('transaction_read_only') AS "readOnly"`,
  )
  if (rows[0]?.readOnly === 'on') {
    throw new Error('PostgreSQL takes no writes: set DATABASE_URL to the primary')
  }
}
