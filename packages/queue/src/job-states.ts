import type { PostgresQueueBackend, Queue } from 'bullmq'
import { redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'

// Reading so many jobs blocks Redis for less than a millisecond.
const chunkSize = 500
// The pool for PostgreSQL has 10 connections, and others use it, too.
const readAtOnce = 4

/** Where a job is. */
export interface JobState {
  readonly state: 'failed' | 'delayed' | 'other'
  /** Why its last attempt failed. */
  readonly reason: string
  /** When a delayed job runs next, in milliseconds. */
  readonly nextAt: number
}

/** Reads the states of those of the jobs that are still in the queue, however many they are. */
export async function readJobStates(
  queue: Queue,
  ids: readonly string[],
): Promise<Map<string, JobState>> {
  const chunks = Array.from({ length: Math.ceil(ids.length / chunkSize) }, (_, at) =>
    ids.slice(at * chunkSize, (at + 1) * chunkSize),
  )
  const client = redisClientOf(queue)
  const states: [id: string, state: JobState][][] = []
  const left = chunks.entries()
  async function readNext(): Promise<void> {
    for (const [at, chunk] of left) {
      states[at] = await (client ? inRedis(client, queue, chunk) : inPostgres(queue, chunk))
    }
  }
  await Promise.all(Array.from({ length: readAtOnce }, readNext))
  return new Map(states.flat())
}

async function inRedis(
  client: RedisClient,
  queue: Queue,
  ids: readonly string[],
): Promise<[id: string, state: JobState][]> {
  const [failed, delayed] = await Promise.all([
    client.zmscore(queue.toKey('failed'), [...ids]),
    client.zmscore(queue.toKey('delayed'), [...ids]),
  ])
  const hasScore = (at: number) => failed[at] != null || delayed[at] != null
  const existing = await findExisting(
    client,
    queue,
    ids.filter((_, at) => !hasScore(at)),
  )
  const states = ids.map(async (id, at): Promise<[string, JobState] | undefined> => {
    if (!hasScore(at)) return existing.has(id) ? [id, { ...unknown, state: 'other' }] : undefined
    const reason = (await client.hget(queue.toKey(id), 'failedReason')) ?? ''
    if (failed[at] != null) return [id, { ...unknown, state: 'failed', reason }]
    return [id, { state: 'delayed', reason, nextAt: toDelayedTime(Number(delayed[at])) }]
  })
  return (await Promise.all(states)).filter((state) => state !== undefined)
}

const unknown = { reason: '', nextAt: Infinity }

/** When a delayed job runs next, in milliseconds: BullMQ's score has 12 further bits to keep an order. */
const toDelayedTime = (score: number) => Math.floor(score / 0x1000)

// Jobs end about in the order in which they were replayed: most often all of them exist, or none.
async function findExisting(
  client: RedisClient,
  queue: Queue,
  ids: readonly string[],
): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const keys = ids.map((id) => queue.toKey(id))
  const count = await client.exists(...keys)
  if (count === 0) return new Set()
  if (count === ids.length) return new Set(ids)
  const found = await Promise.all(keys.map((key) => client.exists(key)))
  return new Set(ids.filter((_, at) => found[at] === 1))
}

async function inPostgres(
  queue: Queue,
  ids: readonly string[],
): Promise<[id: string, state: JobState][]> {
  const rows = await readJobRows(queue, ids)
  return [...rows].map(([id, { state, reason, nextAt = Infinity }]) => [
    id,
    {
      state: state === 'failed' || state === 'delayed' ? state : 'other',
      reason: reason ?? '',
      nextAt,
    },
  ])
}

/** What the queue in PostgreSQL knows of a job, without its data. Times are milliseconds. */
export interface JobRow {
  readonly name: string
  readonly state: string
  readonly reason: string | null
  readonly attemptsMade: number
  readonly mostAttempts: number
  /** When a delayed job runs next. */
  readonly nextAt: number | undefined
  /** When its last attempt failed for good. */
  readonly finishedAt: number | undefined
}

/** Reads many jobs at once; BullMQ itself reads one a statement. A job that left the queue is missing. */
export async function readJobRows(
  queue: Queue,
  ids: readonly string[],
): Promise<Map<string, JobRow>> {
  const { connection } = queue.getBackend() as unknown as PostgresQueueBackend
  await connection.waitUntilReady()
  const { rows } = await connection.pool.query(
    `SELECT id, name, state, failed_reason, attempts_made, max_attempts, process_at_ms, finished_at_ms
     FROM job WHERE queue = $1 AND id = ANY($2)`,
    [queue.name, ids],
  )
  return new Map((rows as Row[]).map((row) => [row.id, toJobRow(row)]))
}

interface Row {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly failed_reason: string | null
  readonly attempts_made: number
  readonly max_attempts: number
  // The driver gives a bigint as text.
  readonly process_at_ms: string | null
  readonly finished_at_ms: string | null
}

const toJobRow = (row: Row): JobRow => ({
  name: row.name,
  state: row.state,
  reason: row.failed_reason,
  attemptsMade: row.attempts_made,
  mostAttempts: row.max_attempts,
  nextAt: toNumber(row.process_at_ms),
  finishedAt: toNumber(row.finished_at_ms),
})

const toNumber = (value: string | null) => (value === null ? undefined : Number(value))
