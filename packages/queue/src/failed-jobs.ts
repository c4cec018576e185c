import type { Queue } from 'bullmq'
import { readJobRows } from './job-states.ts'
import { bullQueueOf, isJobIn } from './open-queue.ts'
import type { OpenQueue } from './open-queue.ts'
import { attempts, toJobId } from './producer.ts'
import { redisClientOf } from './redis-connection.ts'
import type { RedisClient } from './redis-connection.ts'

/** What is read of a failed job. Its data is not read. */
export interface FailedJob {
  readonly id: string
  /** The event's type. */
  readonly type: string
  readonly reason: string
  /** When its last attempt failed, in milliseconds. */
  readonly failedAt: number
  /** The worker gave it up with attempts left: its event is invalid, and no attempt can apply it. */
  readonly isInvalid: boolean
}

/** Selects failed jobs; a field that is not set selects all. Times are milliseconds, inclusive. */
export interface FailedSelection {
  readonly types?: readonly string[] | undefined
  /** A part of the reason; upper and lower case are the same. */
  readonly reason?: string | undefined
  readonly since?: number | undefined
  readonly until?: number | undefined
  readonly ids?: readonly string[] | undefined
  /** Also invalid events. Default: they are left out. */
  readonly includeInvalid?: boolean | undefined
}

// Reading so many ids blocks Redis for less than a millisecond.
const pageSize = 500
// These jobs are read with their data: a page must be small in memory.
const scanPageSize = 200
// BullMQ gives up a job of crashing workers with attempts left, and the crash says nothing about the job.
const stalledTooOften = 'job stalled more than allowable limit'

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

/** Whether a selection includes a failed job, or leaves it out only because its event is invalid. */
export function selectJob(
  job: FailedJob,
  selection: FailedSelection,
): 'selected' | 'left out' | 'other' {
  const { types, reason, since, until, ids, includeInvalid } = selection
  const isMeant =
    (!types?.length || types.includes(job.type)) &&
    (!reason || job.reason.toLowerCase().includes(reason.toLowerCase())) &&
    (since === undefined || job.failedAt >= since) &&
    (until === undefined || job.failedAt <= until) &&
    (ids === undefined || ids.includes(job.id))
  if (!isMeant) return 'other'
  return job.isInvalid && !includeInvalid ? 'left out' : 'selected'
}

async function readJobs(queue: Queue, ids: string[]): Promise<FailedJob[]> {
  const client = redisClientOf(queue)
  const jobs = await (client ? readFromRedis(client, queue, ids) : readFromPostgres(queue, ids))
  return jobs.filter((job) => job !== undefined)
}

// All commands are sent at once. A job that left the queue meanwhile has no fields.
async function readFromRedis(client: RedisClient, queue: Queue, ids: string[]) {
  const names = ['name', 'failedReason', 'finishedOn', 'atm', 'opts'] as const
  return await Promise.all(
    ids.map(async (id) => {
      const [name, reason, failedAt, made, opts] = await client.hmget(queue.toKey(id), ...names)
      if (!name || !failedAt) return undefined
      const attempt = { made: Number(made ?? 0), most: readAttempts(opts) }
      return toFailedJob({ id, name, reason, failedAt: Number(failedAt) }, attempt)
    }),
  )
}

function readAttempts(opts: string | null | undefined): number {
  try {
    const options = JSON.parse(opts ?? '{}') as { attempts?: unknown }
    return typeof options.attempts === 'number' ? options.attempts : attempts
  } catch {
    return attempts
  }
}

async function readFromPostgres(queue: Queue, ids: string[]) {
  const rows = await readJobRows(queue, ids)
  return ids.map((id) => {
    const row = rows.get(id)
    if (!row || row.finishedAt === undefined) return undefined
    const { name, reason, finishedAt: failedAt } = row
    const attempt = { made: row.attemptsMade, most: row.mostAttempts }
    return toFailedJob({ id, name, reason, failedAt }, attempt)
  })
}

function toFailedJob(
  {
    id,
    name,
    reason,
    failedAt,
  }: { id: string; name: string; reason: string | null | undefined; failedAt: number },
  attempt: { made: number; most: number },
): FailedJob {
  const isInvalid = attempt.made < attempt.most && reason !== stalledTooOften
  return { id, type: name, reason: reason ?? '', failedAt, isInvalid }
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

/** A job that failed, or failed and waits for its next attempt. */
export interface ConcernedJob {
  readonly id: string
  readonly type: string
  readonly entityId: string | undefined
  readonly reason: string
  /** When its last attempt began or ended, in milliseconds. */
  readonly failedAt: number | undefined
  /** The job is in the failed set; otherwise it waits for its next attempt. */
  readonly final: boolean
}

/** What was found of the jobs that concern somebody. */
export interface ConcernedJobs {
  /** The newest first. */
  readonly jobs: readonly ConcernedJob[]
  /** Jobs that were read, of so many. When they are fewer, there may be others. */
  readonly seen: number
  readonly total: number
}

/** Whom jobs concern: svix-ids, ids of entities, users and organizations, or an email address. */
export interface Concern {
  readonly ids: readonly string[]
  readonly address?: string | undefined
}

/**
 * Finds the failed jobs, and those that wait for their next attempt, whose event concerns somebody. It
 * reads the newest first, `most` of them, and stops after `timeoutMs`.
 *
 * @throws when the queue does not answer.
 */
export async function findConcernedJobs(
  opened: OpenQueue,
  concern: Concern,
  { most, timeoutMs }: { readonly most: number; readonly timeoutMs: number },
): Promise<ConcernedJobs> {
  const deadline = performance.now() + timeoutMs
  const queue = bullQueueOf(opened)
  const counts = await queue.getJobCounts('failed', 'delayed')
  const total = (counts['failed'] ?? 0) + (counts['delayed'] ?? 0)
  const isConcerned = createMatch(concern)
  const found = new Map<string, ConcernedJob>()
  let seen = 0
  for (const state of ['failed', 'delayed'] as const) {
    // From the end, where the newest are: jobs that fail meanwhile are added there.
    for (let end = (counts[state] ?? 0) - 1; end >= 0; end -= scanPageSize) {
      if (seen >= most || performance.now() > deadline) break
      const start = Math.max(0, end - scanPageSize + 1)
      const jobs = await queue.getJobs([state], start, end, true)
      seen += end - start + 1
      for (const job of jobs.toReversed()) {
        // A job that left the queue meanwhile is empty here.
        if (!job?.failedReason || !isConcerned(job.data)) continue
        found.set(String(job.id), {
          id: String(job.id),
          type: job.name,
          entityId: textAt(job.data, 'entityId'),
          reason: job.failedReason,
          failedAt: job.finishedOn ?? job.processedOn,
          final: state === 'failed',
        })
      }
    }
  }
  return { jobs: [...found.values()], seen, total }
}

const idFields = ['svixId', 'entityId', 'userId', 'organizationId']

function createMatch({ ids, address }: Concern): (data: unknown) => boolean {
  const known = new Set(ids)
  const quoted = address && JSON.stringify(address).toLowerCase()
  return (data) => {
    const isNamed = idFields.some((field) => known.has(textAt(data, field) ?? ''))
    if (isNamed || !quoted) return isNamed
    return (JSON.stringify(data) ?? '').toLowerCase().includes(quoted)
  }
}

// The data of a job is not validated.
function textAt(data: unknown, field: string): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const value = (data as { [field: string]: unknown })[field]
  return typeof value === 'string' ? value : undefined
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
