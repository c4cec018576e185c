import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Deliveries that are sent whether or not earlier ones were answered. */
export interface LoadOptions {
  /** The webhooks, each in its turn. */
  readonly urls: readonly string[]
  readonly secret: string
  /** Part of every svix-id, so that none comes twice. */
  readonly name: string
  /** Per second; Infinity: each connection sends its next as soon as it has an answer. */
  readonly rate: number
  /** The most that are open at once. */
  readonly connections: number
  readonly seconds: number
}

/** What became of them. */
export interface Load {
  readonly sent: number
  /** Not sent, because every connection waited for an answer. */
  readonly unsent: number
  /** The svix-ids that were answered 200. */
  readonly acknowledged: readonly string[]
  /** Answers by status; 0 stands for a connection that was refused or closed without one. */
  readonly answers: ReadonlyMap<number, number>
  /** 503 without Retry-After. */
  readonly withoutRetryAfter: number
  /** Those without an answer after 15 s, when Svix gives up. */
  readonly timeouts: number
  readonly accepted: Latency
  readonly refused: Latency
}

/** From the request to its answer, in milliseconds; 0 where there was none. */
export interface Latency {
  readonly median: number
  readonly p99: number
  readonly worst: number
}

/** Sends the load from a thread of its own, so that whoever waits here can still measure. */
export async function sendLoad(options: LoadOptions): Promise<Load> {
  const thread = new Worker(new URL('./load-thread.ts', import.meta.url), { workerData: options })
  const [load] = (await once(thread, 'message')) as [Load]
  await thread.terminate()
  return load
}
