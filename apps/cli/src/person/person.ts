import { createDatabase } from '@clerk-sync/db'
import { errorMessage, postgresUrl, readConfig, retry } from '@clerk-sync/ops'
import { findConcernedJobs, locateQueue, openQueue, redisUrl } from '@clerk-sync/queue'
import type { Concern, ConcernedJobs, QueueLocation } from '@clerk-sync/queue'
import { concernOf, lookUp } from '@clerk-sync/sync'
import type { LookUp } from '@clerk-sync/sync'
import { locateDataDir } from '../start/data-dir.ts'
import { findRunning } from '../start/running.ts'
import { renderPerson } from './render-person.ts'

const variables = { DATABASE_URL: postgresUrl, REDIS_URL: redisUrl }
const maxConnections = 2
const exitUnknown = 3
// A queue fails fast, also in the moment before its first connection.
const queueAnswer = { firstDelayMs: 100, timeoutMs: 3_000 }
const jobLimits = { most: 20_000, timeoutMs: 10_000 }

export interface PersonCommand {
  json?: true
  /** How many rows of each table, and how many events. */
  limit: number
}

/** The failed jobs, or why they could not be read. */
export type FoundJobs = ConcernedJobs | { readonly problem: string }

/** Shows all that is known of an id or an address. Returns the exit code. */
export async function person(
  query: string,
  options: PersonCommand,
  env: NodeJS.ProcessEnv,
  { stdout }: { readonly stdout: { write(text: string): unknown } } = process,
): Promise<number> {
  const settings = readConfig(variables, withRunningServers(env))
  const queue = locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL })
  const db = createDatabase({ url: settings.DATABASE_URL, maxConnections })
  try {
    const known = await lookUp(db, query.trim(), { limit: options.limit, showValues: true })
    const jobs = await findJobs(queue, concernOf(known))
    stdout.write(options.json ? toJson(known, jobs) : renderPerson(known, jobs))
    const isFound = known.found.length > 0 || ('jobs' in jobs && jobs.jobs.length > 0)
    return isFound ? 0 : exitUnknown
  } finally {
    await db.close()
  }
}

// The tables answer most of the question, also while the queue does not.
async function findJobs(location: QueueLocation, concern: Concern): Promise<FoundJobs> {
  let lastError: Error | undefined
  const opened = openQueue(location, { onError: (error) => (lastError = error) })
  try {
    return await retry(() => findConcernedJobs(opened, concern, jobLimits), queueAnswer)
  } catch (error) {
    return { problem: errorMessage(lastError ?? error) }
  } finally {
    await opened.close()
  }
}

/** The environment, with the servers of the `start` that runs here unless it sets DATABASE_URL. */
function withRunningServers(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (env['DATABASE_URL']) return env
  const running = findRunning(locateDataDir())
  if (!running) return env
  return { ...env, DATABASE_URL: running.databaseUrl, REDIS_URL: running.redisUrl }
}

function toJson(known: LookUp, failedJobs: FoundJobs): string {
  const jobs =
    'jobs' in failedJobs
      ? {
          ...failedJobs,
          jobs: failedJobs.jobs.map((job) => ({ ...job, failedAt: iso(job.failedAt) })),
        }
      : failedJobs
  return `${JSON.stringify({ ...known, failedJobs: jobs }, undefined, 2)}\n`
}

const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString())
