import { randomUUID } from 'node:crypto'
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'
import { bullQueueOf } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'

const lossesName = 'clerk_sync_queue_losses_total'
// A loss without a new connection, such as by FLUSHALL. It costs one MGET.
const checkEveryMs = 10_000

/**
 * How a queue has lost jobs that were acknowledged: `empty`, its Redis has none of its keys; `older`,
 * its Redis went back to an older state, as after a failover or from an old file.
 */
export type QueueLoss = 'empty' | 'older'

export interface LossWatch {
  readonly stop: () => void
}

/** What a process remembers of the queue. */
interface Seen {
  readonly identity: string
  /** BullMQ's own count of the jobs that were ever added; it only grows. */
  readonly added: number
}

/**
 * Notices when Redis has lost the queue: at every new connection and every 10 s. Counts and reports
 * it once in each process. It compares with what this process has seen, so a loss while no process
 * runs is not noticed. Apps in one process share the registry, so a second call does nothing.
 */
export function watchForLoss(
  registry: Registry,
  opened: OpenQueue,
  onLoss: (loss: QueueLoss) => void,
): LossWatch {
  const queue = bullQueueOf(opened)
  const client = redisClientOf(queue)
  if (!client || registry.getSingleMetric(lossesName)) return { stop: () => undefined }
  const losses = new Counter({
    name: lossesName,
    help: 'How often this process has noticed that Redis lost the queue or went back to an older state. Absent when the queue is in PostgreSQL.',
    registers: [registry],
  })
  const keys = [queue.toKey('identity'), queue.toKey('id')] as const
  let seen: Seen | undefined
  let checking: Promise<void> | undefined

  async function check(redis: RedisClient): Promise<void> {
    const now = await readOrCreate(redis, keys)
    const loss = seen && compare(seen, now)
    seen = now
    if (!loss) return
    losses.inc()
    onLoss(loss)
  }
  // An error is reported by whoever needs the queue.
  const checkOnce = () => {
    checking ??= check(client)
      .catch(() => undefined)
      .finally(() => {
        checking = undefined
      })
  }

  client.on('ready', checkOnce)
  if (client.status === 'ready') checkOnce()
  const timer = setInterval(checkOnce, checkEveryMs).unref()
  return {
    stop() {
      client.off('ready', checkOnce)
      clearInterval(timer)
    },
  }
}

async function readOrCreate(
  redis: RedisClient,
  [identityKey, addedKey]: readonly [string, string],
): Promise<Seen> {
  const [found, added] = await redis.mget(identityKey, addedKey)
  if (typeof found === 'string') return { identity: found, added: Number(added ?? 0) }
  // Another process may be quicker: its identity counts.
  await redis.setnx(identityKey, randomUUID())
  const [identity, addedSince] = await redis.mget(identityKey, addedKey)
  return { identity: String(identity), added: Number(addedSince ?? 0) }
}

function compare(seen: Seen, now: Seen): QueueLoss | undefined {
  if (now.identity !== seen.identity) return 'empty'
  return now.added < seen.added ? 'older' : undefined
}

/** What to log of a loss. */
export const lossMessages: Readonly<Record<QueueLoss, string>> = {
  empty:
    'the queue lost its jobs: Redis came back without them; run clerk-sync reconcile --repair, and see "Redis lost its data" in the runbook',
  older:
    'the queue lost its jobs of the last moments: Redis went back to an older state; run clerk-sync reconcile --repair, and see "Redis lost its data" in the runbook',
}
