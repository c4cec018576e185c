import {
  checkDirectConnection,
  inspectQueue,
  pendingQueueMigrations,
  SharedSessionsError,
} from '@clerk-sync/queue'
import type { QueueFacts, QueueLocation } from '@clerk-sync/queue'
import { duration } from '../terminal/text.ts'
import { remember } from './check.ts'
import type { Check, Finding } from './check.ts'

// In a healthy queue a job waits for milliseconds.
const longWaitMs = 60_000

/** Checks the queue's own tables, where the queue is in PostgreSQL. */
export function queueTablesCheck(location: QueueLocation, database: Check): Check {
  return {
    name: 'queue',
    needs: database,
    async run() {
      await checkDirectConnection(location)
      const pending = await pendingQueueMigrations(location)
      if (pending === 0) return { status: 'ok', found: 'in PostgreSQL, tables up to date' }
      return {
        status: 'problem',
        found: pending === 1 ? '1 migration pending' : `${pending} migrations pending`,
        cause: "the queue's tables in the database are older than this release",
        cure: 'run "clerk-sync migrate", or set REDIS_URL to keep the queue in Redis',
      }
    },
    onError: (reason, error) =>
      error instanceof SharedSessionsError
        ? {
            status: 'problem',
            found: 'a connection pooler shares the sessions',
            cause: 'the queue in PostgreSQL needs sessions of its own: it waits with LISTEN',
            cure: 'set DATABASE_URL to the server itself, or set REDIS_URL to keep the queue in Redis',
          }
        : {
            status: 'problem',
            found: reason,
            cause: 'its tables can not be used, or a later release migrated them',
            cure: 'run the latest release; the user in DATABASE_URL needs the rights of its role in packages/db/roles/roles.sql',
          },
  }
}

/** Checks for failed jobs, and for jobs that wait too long. */
export function backlogChecks(location: QueueLocation, queue: Check): Check[] {
  const inspect = remember(() => inspectQueue(location))
  const judges: [name: string, judge: (facts: QueueFacts) => Finding][] = [
    ['failed events', judgeFailed],
    ['waiting events', judgeWaiting],
  ]
  return judges.map(([name, judge]) => ({
    name,
    needs: queue,
    run: async () => judge(await inspect()),
    onError: (reason) => ({
      status: 'problem',
      found: reason,
      cause: 'the jobs of the queue can not be counted',
      cure: 'read the log of the server that holds the queue',
    }),
  }))
}

function judgeFailed({ depth: { failed } }: QueueFacts): Finding {
  if (failed === 0) return { status: 'ok', found: 'none' }
  return {
    status: 'warning',
    found: String(failed),
    cause: 'they can not be applied, or the database refused them for more than an hour',
    cure: 'the board of the console shows the reason of each, and runs them again',
  }
}

function judgeWaiting({ depth, isPaused, oldestWaitingMs }: QueueFacts): Finding {
  const { waiting: count, active, delayed } = depth
  const waiting = [
    count === 0 ? 'none' : `${count}, the oldest for ${duration(oldestWaitingMs)}`,
    ...(active === 0 ? [] : [`${active} being written`]),
    ...(delayed === 0 ? [] : [`${delayed} between two attempts`]),
  ].join(', ')
  if (isPaused) {
    return {
      status: 'warning',
      found: `${waiting}; the queue is paused`,
      cause: 'somebody paused it: events are accepted, but not written',
      cure: 'resume it on the board of the console',
    }
  }
  if (oldestWaitingMs <= longWaitMs) return { status: 'ok', found: waiting }
  return {
    status: 'warning',
    found: waiting,
    cause: 'no worker runs, it waits for its database, or events come faster than they are written',
    cure: "start a worker; /readyz on a running one's OPS_PORT says what it waits for",
  }
}
