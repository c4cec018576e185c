import { createBatcher, retry } from '@clerk-sync/ops'
import type { PostgresQueueBackend } from 'bullmq'
import { BrokenQueueError, bullQueueOf, QueueUnavailableError } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { countLostConnections, redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'
import { readRedisFacts } from './redis-info.ts'

export const durabilities = ['enqueued', 'fsync'] as const

/** When an event counts as stored: once the queue has it, or once it is on the server's disk. */
export type AckDurability = (typeof durabilities)[number]

// With appendfsync everysec Redis needs up to a second. It must answer before the timeout of commands.
const fsyncTimeoutMs = 1_500
const ackKeySeconds = 60
const startTimeoutMs = 3_000
const startRetryMs = 50

const noFile = 'ACK_DURABILITY=fsync needs a Redis that writes to its disk: set appendonly yes'
const noWait =
  'ACK_DURABILITY=fsync needs Redis 7.2 or newer, or Valkey, for WAITAOF; this server has only appendfsync always for it: set appendfsync always'
const notInTime =
  'Redis did not have the event on its disk in time; its appendfsync must be always or everysec'
const notAllowed =
  'ACK_DURABILITY=fsync needs a Redis user that may run WAITAOF and SET: allow them'

/**
 * Wraps a write, so that it resolves once what it wrote is on the server's disk. Writes that end while
 * one wait is under way share the next. A write rejects when its connection was lost before: the server
 * that answers then may be another one.
 */
export function createFsyncWait(opened: OpenQueue) {
  const waits = createBatcher<undefined, undefined>(
    async (writes) => {
      await waitForFsync(opened)
      return writes
    },
    { maxSize: Infinity },
  )
  return async <T>(write: () => Promise<T>): Promise<T> => {
    const client = redisClientOf(bullQueueOf(opened))
    const lostBefore = client && countLostConnections(client)
    const written = await write()
    await waits.add(undefined)
    const clientNow = redisClientOf(bullQueueOf(opened))
    if (clientNow !== client || (client && countLostConnections(client)) !== lostBefore) {
      throw new Error('the connection to Redis was lost before the event was on its disk')
    }
    return written
  }
}

async function waitForFsync(opened: OpenQueue): Promise<void> {
  const client = redisClientOf(bullQueueOf(opened))
  if (!client) return await checkPostgres(opened)
  const [waited] = await writeAndAsk(opened, client, ['WAITAOF', 1, 0, fsyncTimeoutMs])
  const error = waited?.error
  if (error && isUnknownCommand(error)) return await checkAlways(opened, client)
  if (error) throw toProblem(error)
  // How many servers, this one included, have it on their disk.
  const [onDisk] = Array.isArray(waited?.value) ? waited.value : [0]
  if (Number(onDisk) < 1) throw new QueueUnavailableError(notInTime)
}

/**
 * Checks that the server can say when an event is on its disk, without waiting for it.
 *
 * @throws {BrokenQueueError} with the setting to change.
 */
export async function checkAckDurability(opened: OpenQueue): Promise<void> {
  const client = redisClientOf(bullQueueOf(opened))
  if (!client) return await checkPostgres(opened)
  // An operator may forbid INFO.
  const facts = await readRedisFacts(opened).catch(() => undefined)
  if (facts?.isAppendOnly === false) throw new BrokenQueueError(noFile)
  const [waited] = await writeAndAsk(opened, client, ['WAITAOF', 0, 0, 1])
  const error = waited?.error
  if (error && isUnknownCommand(error)) return await checkAlways(opened, client)
  if (error) throw toProblem(error)
}

/**
 * Resolves when the server can do what `ACK_DURABILITY=fsync` asks, or is unavailable: then readiness
 * reports it later.
 *
 * @throws {BrokenQueueError} with the setting to change.
 */
export async function refuseWithoutFsync(opened: OpenQueue): Promise<void> {
  await retry(() => checkAckDurability(opened), {
    firstDelayMs: startRetryMs,
    timeoutMs: startTimeoutMs,
    isRetryable: (error) => !(error instanceof BrokenQueueError),
  }).catch((error: unknown) => {
    if (error instanceof BrokenQueueError) throw error
  })
}

// With it Redis writes to its disk before it answers.
async function checkAlways(opened: OpenQueue, client: RedisClient): Promise<void> {
  const settings = await writeAndAsk(
    opened,
    client,
    ['CONFIG', 'GET', 'appendfsync'],
    ['CONFIG', 'GET', 'appendonly'],
  )
  const [appendFsync, appendOnly] = settings.map(({ value }) => Array.isArray(value) && value[1])
  if (appendFsync !== 'always') throw new BrokenQueueError(noWait)
  if (appendOnly !== 'yes') throw new BrokenQueueError(noFile)
}

const isUnknownCommand = ({ message }: Error) => /^ERR unknown command/i.test(message)

function toProblem(error: Error): Error {
  if (error.message.startsWith('NOPERM')) return new BrokenQueueError(notAllowed)
  return /appendonly is disabled/.test(error.message) ? new BrokenQueueError(noFile) : error
}

interface Reply {
  readonly error: Error | null
  readonly value: unknown
}

// In one pipeline, and so on one connection, to the server that has the keys of the queue: WAITAOF waits
// for the last write of its connection, and without a key it would go to any node of a cluster.
async function writeAndAsk(
  opened: OpenQueue,
  client: RedisClient,
  ...commands: [name: string, ...args: (string | number)[]][]
): Promise<Reply[]> {
  const pipeline = client.pipeline()
  pipeline.set(bullQueueOf(opened).toKey('ack:fsync'), '', 'EX', ackKeySeconds)
  for (const [name, ...args] of commands) pipeline.call(name, ...args)
  const [written, ...replies] = (await pipeline.exec()) ?? []
  if (written?.[0]) throw toProblem(written[0])
  return replies.map(([error, value]) => ({ error, value }))
}

async function checkPostgres(opened: OpenQueue): Promise<void> {
  const { connection } = bullQueueOf(opened).getBackend() as unknown as PostgresQueueBackend
  const { rows } = await connection.pool.query(
    `SELECT name, setting FROM pg_settings
     WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off'`,
  )
  const [wrong] = rows as { name: string }[]
  if (!wrong) return
  throw new BrokenQueueError(
    `ACK_DURABILITY=fsync needs PostgreSQL to commit to its disk: set ${wrong.name} to on`,
  )
}
