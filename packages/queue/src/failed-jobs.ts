import { RedisQueueBackend } from 'bullmq'
import type { Queue } from 'bullmq'
import { bullQueueOf, isJobIn } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { toJobId } from './producer.ts'

/** What is read of a failed job. Its data is not read. */
export interface FailedJob {
  readonly id: string
  /** The event's type. */
  readonly type: string
  readonly reason: string
  /** When its last attempt failed, in milliseconds. */
  readonly failedAt: number
}

/** Selects failed jobs; a field that is not set selects all. Times are milliseconds, inclusive. */
export interface FailedSelection {
  readonly types?: readonly string[] | undefined
  /** A part of the reason; upper and lower case are the same. */
  readonly reason?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly ids?: readonly string[] | undefined
}

// Reading so many ids blocks Redis for less than a millisecond.
const pageSize = 500
// These jobs are read with their data: a page must be small in memory.
const scanPageSize = 200
// The pool for PostgreSQL has 10 connections, and the board uses it, too.
const readsAtOnce = 5

/**
 * Reads all jobs that had failed at the start, a page at a time. It goes from the end of the set to
 * its start: jobs that fail meanwhile are added at the end, and a job that leaves the set only makes
 * others appear twice, which `seen` filters out.
 */
export async function* readFailed(
  opened: OpenQueue,
  signal?: AbortSignal,
): AsyncGenerator<FailedJob[]> {
  const seen = new Set<string>()
  const { failed = 0 } = await bullQueueOf(opened).getJobCounts('failed')
  for (let end = failed - 1; end >= 0; end -= pageSize) {
    signal?.throwIfAborted()
    const queue = bullQueueOf(opened)
    const ids = await queue.getRanges(['failed'], Math.max(0, end - pageSize + 1), end, true)
    const fresh = ids.filter((id) => !seen.has(id))
    for (const id of fresh) seen.add(id)
    yield await readJobs(queue, fresh)
  }
}

/** Whether a selection includes a failed job. */
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

// All commands are sent at once. A job that left the queue meanwhile has no fields.
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

/** A job with its data, which is not validated. */
export interface ScannedJob {
  readonly id: string
  readonly data: unknown
}

/** Reads all jobs that failed or wait for their next attempt, with their data, a page at a time. */
export async function* scanJobs(opened: OpenQueue): AsyncGenerator<ScannedJob[]> {
  for (const state of ['failed', 'delayed'] as const) {
    for (let start = 0; ; start += scanPageSize) {
      const end = start + scanPageSize - 1
      const jobs = await bullQueueOf(opened).getJobs([state], start, end, true)
      // A job that left the queue meanwhile is empty here.
      const found = jobs.flatMap((job) => (job ? [{ id: String(job.id), data: job.data }] : []))
      if (found.length > 0) yield found
      if (jobs.length < scanPageSize) break
    }
  }
}

/** Why an event's last attempt failed. */
export interface Failure {
  readonly reason: string
  /** The job is in the failed set; otherwise it waits for its next attempt. */
  readonly final: boolean
}

/** Reads why an event's job failed; undefined when it has no job, or the job has not failed. */
export async function readFailure(opened: OpenQueue, svixId: string): Promise<Failure | undefined> {
  const jobId = toJobId(svixId)
  const job = await bullQueueOf(opened).getJob(jobId)
  if (!job?.failedReason) return undefined
  return { reason: job.failedReason, final: await isJobIn(opened, 'failed', jobId) }
}
