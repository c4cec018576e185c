import { setTimeout as sleep } from 'node:timers/promises'
import { connectQueue } from './connect-queue.ts'
import type { ConnectedQueue } from './connect-queue.ts'
import type { QueueLocation } from './location.ts'
import { watchOldestWaiting } from './oldest-waiting.ts'
import { readQueueDepth } from './queue-depth.ts'
import type { QueueDepth } from './queue-depth.ts'

const connectTimeoutMs = 4_000
const pauseMs = 50

/** What waits in the queue. */
export interface QueueFacts {
  readonly depth: QueueDepth
  readonly isPaused: boolean
  /** For how long the oldest waiting job has waited at the least; 0 when none waits. */
  readonly oldestWaitingMs: number
}

/** Connects once and looks. @throws when the queue does not answer. */
export async function inspectQueue(location: QueueLocation): Promise<QueueFacts> {
  const connected = connectQueue(location)
  const { queue } = connected
  queue.on('error', () => undefined)
  try {
    const depth = await readWhenConnected(connected)
    const [isPaused, oldestWaitingMs] = await Promise.all([
      queue.isPaused(),
      watchOldestWaiting(connected)(),
    ])
    return { depth, isPaused, oldestWaitingMs }
  } finally {
    await connected.close()
  }
}

// On Redis a command fails at once until the connection is there.
async function readWhenConnected(connected: ConnectedQueue): Promise<QueueDepth> {
  const deadline = Date.now() + connectTimeoutMs
  for (;;) {
    try {
      return await readQueueDepth(connected)
    } catch (error) {
      if (Date.now() > deadline) throw error
      await sleep(pauseMs)
    }
  }
}
