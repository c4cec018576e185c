import { RedisQueueBackend } from 'bullmq'
import type { Queue } from 'bullmq'
import type { OpenQueue } from './open-queue.ts'

/** What is looked at of a failed job: never its data. */
export interface FailedJob {
  readonly id: string
  /** The event's type. */
  readonly type: string
  readonly reason: string
  /** When its last attempt failed, in milliseconds. */
  readonly failedAt: number
}

/** Which failed jobs; what is left out makes no difference. Times are milliseconds, both included. */
export interface FailedSelection {
  readonly types?: readonly string[] | undefined
  /** A part of the reason, in any case of letters. */
  readonly reason?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly ids?: readonly string[] | undefined
}

// A call for so many ids holds up Redis for a fraction of a millisecond.
const pageSize = 500
// PostgreSQL's own pool has 10 connections, which the board uses, too.
const readsAtOnce = 5

/**
 * All jobs that had failed when it began, a page at a time. It goes from the end to the start of the
 * set: jobs that fail now come in behind, and jobs that leave only make it see others twice.
 */
export async function* readFailed(
  opened: OpenQueue,
  signal?: AbortSignal,
): AsyncGenerator<FailedJob[]> {
  const seen = new Set<string>()
  const { failed = 0 } = await opened.queue.getJobCounts('failed')
  for (let end = failed - 1; end >= 0; end -= pageSize) {
    signal?.throwIfAborted()
    const { queue } = opened
    const ids = await queue.getRanges(['failed'], Math.max(0, end - pageSize + 1), end, true)
    const fresh = ids.filter((id) => !seen.has(id))
    for (const id of fresh) seen.add(id)
    yield await readJobs(queue, fresh)
  }
}

/** Whether a failed job is one of those. */
export function isSelected(job: FailedJob, selection: FailedSelection): boolean {
  const { types, reason, since, until, ids } = selection
  return (
    (!types?.length || types.includes(job.type)) &&
    (!reason || job.reason.toLowerCase().includes(reason.toLowerCase())) &&
    (since === undefined || job.failedAt >= since) &&
    (until === undefined || job.failedAt <= until) &&
    (ids === undefined || ids.includes(job.id))
  )
}

async function readJobs(queue: Queue, ids: string[]): Promise<FailedJob[]> {
  const backend = queue.getBackend()
  const read = backend instanceof RedisQueueBackend ? readFromRedis : readFromPostgres
  const jobs = await read(queue, ids)
  return jobs.filter((job) => job !== undefined)
}

type Read = (queue: Queue, ids: string[]) => Promise<(FailedJob | undefined)[]>

// Sent together without waiting for each other: a job that left meanwhile has no fields.
const readFromRedis: Read = async (queue, ids) => {
  const client = await queue.getBackend().client
  return await Promise.all(
    ids.map(async (id) => {
      const key = queue.toKey(id)
      const fields = await client.hmget(key, 'name', 'failedReason', 'finishedOn')
      const [name, reason, failedAt] = fields
      return name && failedAt
        ? { id, type: name, reason: reason ?? '', failedAt: Number(failedAt) }
        : undefined
    }),
  )
}

const readFromPostgres: Read = async (queue, ids) => {
  const jobs: (FailedJob | undefined)[] = []
  for (let start = 0; start < ids.length; start += readsAtOnce) {
    const some = ids.slice(start, start + readsAtOnce)
    jobs.push(...(await Promise.all(some.map((id) => readOne(queue, id)))))
  }
  return jobs
}

async function readOne(queue: Queue, id: string): Promise<FailedJob | undefined> {
  const job = await queue.getBackend().getJobData(id)
  if (!job?.finishedOn) return undefined
  return { id, type: job.name, reason: job.failedReason ?? '', failedAt: job.finishedOn }
}
