import {
  applyChanges,
  createDatabase,
  DatabaseRefusedError,
  DatabaseUnavailableError,
  isFinal,
  rowKeyOf,
} from '@clerk-sync/db'
import type { ChangeResult, Database, WriteRules } from '@clerk-sync/db'
import { changeFromEvent } from '@clerk-sync/events'
import type { AnswerBody, Change, EventJob, Kept, RequestOutcome } from '@clerk-sync/events'
import { createBatcher, errorMessage, retry, withTimeout } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'

/** What a delivery is answered. */
export interface Stored {
  readonly status: number
  readonly body: AnswerBody
  readonly outcome?: RequestOutcome
}

/** Where events are stored. */
export interface Destination {
  /** Resolves with 200 once the event is stored. It never throws for what the server does. */
  store(job: EventJob): Promise<Stored>
  close(): Promise<void>
}

/** The answer to an event that is stored. */
const received: Stored = { status: 200, body: { received: true } }

// Svix ends its request after 15 s.
const storeTimeoutMs = 10_000
// How long a write is tried again while the database is unavailable.
const retryForMs = 6_000
const retryDelayMs = 100
const batchSize = 100
// The pool closes connections that are idle for longer, unless its process is frozen.
const idleMs = 10_000

export interface DatabaseDestinationOptions {
  readonly maxConnections: number
  readonly kept: Kept
  readonly rules: WriteRules
  readonly logger: PlainLogger
}

/**
 * Writes events into the tables. Events that come while a write is under way share the next one, in one
 * transaction.
 */
export function openDatabaseDestination(
  url: string,
  { maxConnections, kept, rules, logger }: DatabaseDestinationOptions,
): Destination {
  let db: Database | undefined
  let usedAt = 0
  let underWay = 0
  const batcher = createBatcher<Change, ChangeResult>(
    (changes) =>
      retry(() => applyChanges(database(), changes, rules), {
        firstDelayMs: retryDelayMs,
        longestDelayMs: 1_000,
        timeoutMs: retryForMs,
        isRetryable: (error) => error instanceof DatabaseUnavailableError,
      }),
    { maxSize: batchSize, keyOf: rowKeyOf },
  )

  // After a pause the connections may be dead, and nothing says so: a platform that freezes an instance
  // between requests stops its timers, too.
  function database(): Database {
    const now = Date.now()
    if (db && underWay === 0 && now - usedAt > idleMs) {
      void db.close()
      db = undefined
    }
    usedAt = now
    return (db ??= createDatabase({ url, maxConnections }))
  }

  async function store(job: EventJob): Promise<Stored> {
    const event = { svixId: job.svixId, type: job.type, entityId: job.entityId }
    try {
      const change = changeFromEvent(kept, job)
      const result = await withTimeout(
        batcher.add(change),
        storeTimeoutMs,
        'no answer from the database',
      )
      if (!result.ok) throw result.error
      if (
        change.kind === 'upsert' &&
        change.unreadable.length > 0 &&
        result.outcome !== 'duplicate'
      ) {
        const { entity, unreadable: fields } = change
        logger.warn(
          { ...event, entity: entity.name, fields },
          'Clerk sent fields that can not be read',
        )
      }
      return received
    } catch (error) {
      const reason = errorMessage(error)
      if (isFinal(error)) {
        logger.error({ ...event, reason }, 'event can not be applied; answered 422')
        return { status: 422, body: { error: 'cannot_apply' } }
      }
      // Such as a foreign key of the application's own tables.
      if (error instanceof DatabaseRefusedError) {
        logger.error({ ...event, reason }, 'event refused; answered 503, and Svix sends it again')
        return { status: 503, body: { error: 'write_refused' } }
      }
      logger.error({ ...event, reason }, 'event not written; answered 503, and Svix sends it again')
      return { status: 503, body: { error: 'database_unavailable' } }
    }
  }

  return {
    async store(job) {
      const isFirst = underWay === 0
      if (isFirst) database()
      underWay += 1
      try {
        return await store(job)
      } finally {
        underWay -= 1
      }
    },
    async close() {
      batcher.stop(new Error('the handler is closed'))
      await db?.close()
    },
  }
}

/** Puts events into the queue, from which the workers of clerk-sync take them. */
export function openQueueDestination(redisUrl: string, logger: PlainLogger): Destination {
  const stopping = new AbortController()
  const opened = open()
  // Who awaits it at the first event has the error.
  opened.catch(() => undefined)

  // bullmq and ioredis are loaded only by who uses them.
  async function open() {
    try {
      const { CannotEnqueueError, openRedisQueue } = await loadRedisQueue()
      return { CannotEnqueueError, ...openRedisQueue(redisUrl, logger) }
    } catch (error) {
      const { code } = Object(error) as { code?: unknown }
      if (code !== 'ERR_MODULE_NOT_FOUND') throw error
      throw new Error('redisUrl needs two more packages: npm install bullmq ioredis', {
        cause: error,
      })
    }
  }

  return {
    async store(job) {
      const { producer, CannotEnqueueError } = await opened
      const event = { svixId: job.svixId, type: job.type, entityId: job.entityId }
      try {
        await producer.enqueue(job, { timeoutMs: storeTimeoutMs, signal: stopping.signal })
        return received
      } catch (error) {
        const reason = errorMessage(error)
        if (error instanceof CannotEnqueueError) {
          logger.warn({ ...event, reason }, 'event can not be queued; answered 400')
          return { status: 400, body: { error: 'invalid_event' } }
        }
        logger.error(
          { ...event, reason },
          'event not queued; answered 503, and Svix sends it again',
        )
        return { status: 503, body: { error: 'queue_unavailable' } }
      }
    },
    async close() {
      stopping.abort(new Error('the handler is closed'))
      const { queue } = await opened
      await queue.close()
    },
  }
}

// By the name of its package, and left alone by bundlers: they would look for bullmq and ioredis in an
// application that has neither.
const loadRedisQueue = () =>
  import(
    /* webpackIgnore: true */ /* turbopackIgnore: true */ /* @vite-ignore */ 'clerk-sync/redis-queue'
  )
