import { setTimeout as sleep } from 'node:timers/promises'
import { send } from '../chain/send.ts'
import type { StoryEvent } from '../converge/story.ts'
import type { Random } from './random.ts'

// Svix waits 5 s, 5 min, 30 min, … between its attempts, give or take a fifth.
const retryAfterMs = [50, 200, 1_000, 5_000, 15_000, 30_000]
const jitter = 0.2
// As Svix.
const timeoutMs = 15_000
const latestFirstMs = 3_000
const latestAgainMs = 20_000
// Of the 300 s that a signature may be old. A process with a wrong clock takes some, too.
const skewSeconds = 120
const mostLatest = 50

/** An event that was answered 2xx. Times are milliseconds since the epoch. */
interface Acknowledged {
  /** When the request began that was answered. */
  readonly sentAt: number
  readonly at: number
}

/** Sends events over HTTP as Svix does. */
export interface Svix {
  /** Sends an event until it is answered 2xx, perhaps late, perhaps again after that. */
  readonly publish: (event: StoryEvent) => void
  /** Every event that was answered 2xx at least once, by svix-id. */
  readonly acknowledged: ReadonlyMap<string, Acknowledged>
  /** The last of them, in the order of their first answer. */
  readonly latest: () => readonly string[]
  readonly counts: SvixCounts
  /** Events that are to be sent, for the first time or again. */
  readonly pending: () => number
  /** Ends all that is under way. */
  readonly stop: () => void
}

export interface SvixCounts {
  published: number
  attempts: number
  redeliveries: number
  /** Answers by status; 0 stands for none. */
  readonly statuses: Map<number, number>
  /** Of one request that was answered 2xx. */
  worstAckMs: number
  /** From the first attempt of an event to its first 2xx. */
  worstUntilAckMs: number
}

export interface SvixOptions {
  readonly urls: readonly string[]
  readonly secret: string
  readonly random: Random
}

interface Delivery {
  readonly lateMs: number
  /** Seconds by which the clock of the sender is wrong. */
  readonly skew: number
  /** When it is delivered again after its acknowledgement; undefined: not at all. */
  readonly againMs: number | undefined
}

/** Creates the sender. The caller stops it. */
export function createSvix({ urls, secret, random }: SvixOptions): Svix {
  const acknowledged = new Map<string, Acknowledged>()
  const order: string[] = []
  const counts: SvixCounts = {
    published: 0,
    attempts: 0,
    redeliveries: 0,
    statuses: new Map(),
    worstAckMs: 0,
    worstUntilAckMs: 0,
  }
  let pending = 0
  let turn = 0
  let isStopped = false

  // A signal that lives as long as the run would collect a listener for each of them.
  const pause = (ms: number) => sleep(ms, undefined, { ref: false })

  async function attempt({ svixId, body }: StoryEvent, skew: number): Promise<boolean> {
    const url = urls[(turn += 1) % urls.length] ?? ''
    const sentAt = Date.now()
    const signal = AbortSignal.timeout(timeoutMs)
    const timestamp = sentAt / 1_000 + skew
    counts.attempts += 1
    const status = await send(url, secret, body, { svixId, timestamp, signal }).then(
      (sent) => sent.status,
      () => 0,
    )
    counts.statuses.set(status, (counts.statuses.get(status) ?? 0) + 1)
    if (status < 200 || status > 299) return false
    const at = Date.now()
    counts.worstAckMs = Math.max(counts.worstAckMs, at - sentAt)
    if (acknowledged.has(svixId)) return true
    acknowledged.set(svixId, { sentAt, at })
    order.push(svixId)
    return true
  }

  async function deliver(event: StoryEvent, afterMs: number, skew: number): Promise<void> {
    pending += 1
    await pause(afterMs)
    const startedAt = Date.now()
    for (let tries = 0; !(await attempt(event, skew)); tries += 1) {
      const waitMs = retryAfterMs[Math.min(tries, retryAfterMs.length - 1)] ?? 0
      const spread = 1 - jitter + 2 * jitter * Math.random()
      await pause(waitMs * spread)
      if (isStopped) return
    }
    counts.worstUntilAckMs = Math.max(counts.worstUntilAckMs, Date.now() - startedAt)
    pending -= 1
  }

  async function deliverTwice(event: StoryEvent, how: Delivery): Promise<void> {
    await deliver(event, how.lateMs, how.skew)
    if (how.againMs === undefined || isStopped) return
    counts.redeliveries += 1
    await deliver(event, how.againMs, 0)
  }

  return {
    acknowledged,
    latest: () => order.slice(-mostLatest),
    counts,
    pending: () => pending,
    publish(event) {
      counts.published += 1
      const skew = random.chance(0.1) ? random.between(-skewSeconds, skewSeconds) : 0
      const lateMs = random.chance(0.3) ? random.between(0, latestFirstMs) : 0
      const againMs = random.chance(0.1) ? random.between(0, latestAgainMs) : undefined
      void deliverTwice(event, { lateMs, skew, againMs })
    },
    stop: () => {
      isStopped = true
    },
  }
}
