import { createHash, timingSafeEqual } from 'node:crypto'
import { removeOldRows } from '@clerk-sync/db'
import type { Database, DeletionPolicy } from '@clerk-sync/db'
import { selectKept } from '@clerk-sync/events'
import type { Kept } from '@clerk-sync/events'
import { createBackendApi, defaultRate } from '@clerk-sync/events/backend-api'
import { errorMessage } from '@clerk-sync/ops'
import type { PlainLogger } from '@clerk-sync/ops'
import {
  checkInstance,
  createSharedRateLimiter,
  isComplete,
  nameStarter,
  readLastReconcile,
  ReconcileBusyError,
  reconcileSlice,
} from '@clerk-sync/sync'
import type { SliceResult } from '@clerk-sync/sync'
import { createDatabase } from './database.ts'
import { consoleLogger } from './logger.ts'

/** What is compared, how long a call may take, and who may call. */
export interface ReconcileHandlerOptions {
  /** The PostgreSQL database with the tables. Default: DATABASE_URL. */
  readonly databaseUrl?: string | undefined
  /** Clerk's secret key. Default: CLERK_SECRET_KEY. */
  readonly secretKey?: string | undefined
  /**
   * What a caller must send as `Authorization: Bearer …`, 16 characters at the least. Default:
   * CRON_SECRET, which Vercel sends with the requests of its cron jobs.
   */
  readonly cronSecret?: string | undefined
  /** Writes what is missing or stale, and deletes what Clerk no longer has. Default: only reports. */
  readonly repair?: boolean
  /** The most rows of a table that a repair may delete, in percent of what Clerk has. Default: 1. */
  readonly maxDeletesPercent?: number
  /** How long one call works, in milliseconds. Default: 8,000. */
  readonly sliceMs?: number
  /** A new comparison begins so many hours after the last one has finished. Default: 24. */
  readonly everyHours?: number
  /** Refuses a key of another instance, such as `ins_2abc`. Default: the instance of the tables. */
  readonly instanceId?: string | undefined
  readonly kept?: Kept
  readonly deletionPolicy?: DeletionPolicy
  /** After how many days the ledger forgets an event, 90 at the least. Default: 90. */
  readonly ledgerRetentionDays?: number
  readonly logger?: PlainLogger
  /** Where Clerk's API is. Default: https://api.clerk.com. */
  readonly apiUrl?: string
}

/** Answers calls of a scheduler. */
export interface ReconcileHandler {
  (request: Request): Promise<Response>
  close(): Promise<void>
}

const shortestSecret = 16
const hourMs = 3_600_000

/**
 * Creates a handler that compares Clerk and the tables, for those who have no worker: call it every few
 * minutes from a scheduler. Each call does a part, and the next one goes on where it stopped. When all is
 * compared, calls do nothing until the next comparison is due. It also removes what the ledger need not
 * know any more.
 *
 * The answer is JSON: `{ state, tables }`, where the state is `working`, `finished`, `waiting` (with
 * `nextAt`) or `busy`.
 */
export function createReconcileHandler(options: ReconcileHandlerOptions = {}): ReconcileHandler {
  const { logger = consoleLogger, databaseUrl: url } = options
  const db = createDatabase({ url, maxConnections: 2 })

  async function handle(request: Request): Promise<Response> {
    const secret = options.cronSecret ?? process.env['CRON_SECRET'] ?? ''
    try {
      if (secret.length < shortestSecret) {
        throw new Error(
          `CRON_SECRET is not set, or shorter than ${shortestSecret} characters: without it anybody could call this`,
        )
      }
      if (!isSame(request.headers.get('authorization') ?? '', `Bearer ${secret}`)) {
        return Response.json({ error: 'unauthorized' }, { status: 401 })
      }
      return Response.json(await work(db, options, logger))
    } catch (error) {
      if (error instanceof ReconcileBusyError) return Response.json({ state: 'busy' })
      logger.error({ reason: errorMessage(error) }, 'reconcile failed; answered 500')
      return Response.json({ error: 'reconcile_failed' }, { status: 500 })
    }
  }

  return Object.assign(handle, { close: () => db.close() })
}

async function work(db: Database, options: ReconcileHandlerOptions, logger: PlainLogger) {
  const { sliceMs = 8_000, everyHours = 24, kept = selectKept(), repair = false } = options
  const endsAt = Date.now() + sliceMs
  const last = await readLastReconcile(db)
  const nextAt = (last?.finishedAt.getTime() ?? 0) + everyHours * hourMs
  if (nextAt > Date.now()) {
    const { ledgerRetentionDays = 90 } = options
    await removeOldRows(db, { ledgerRetentionDays }, AbortSignal.timeout(sliceMs))
    return { state: 'waiting', nextAt: new Date(nextAt).toISOString() }
  }
  const secretKey = required(
    options.secretKey ?? process.env['CLERK_SECRET_KEY'],
    'CLERK_SECRET_KEY is not set: Clerk is read with it',
  )
  const signal = new AbortController().signal
  const api = createBackendApi({
    secretKey,
    url: options.apiUrl ?? 'https://api.clerk.com',
    rateLimiter: createSharedRateLimiter(db, defaultRate(secretKey)),
    signal,
  })
  await checkInstance({ api, db }, options.instanceId)
  const result = await reconcileSlice({
    db,
    api,
    entities: kept.entities.filter((entity) => entity.api),
    rules: { deletionPolicy: options.deletionPolicy ?? 'erase', auditValues: false },
    repair: repair ? { maxDeletes: { percent: options.maxDeletesPercent ?? 1 } } : undefined,
    onProgress: () => undefined,
    waitForDatabaseMs: sliceMs,
    startedBy: nameStarter('createReconcileHandler'),
    signal,
    endsAt,
  })
  return report(result, logger)
}

function report({ isFinished, found }: SliceResult, logger: PlainLogger) {
  const tables = found.map(({ table, seen, drift, repaired, problem, note, unread, refused }) => ({
    table,
    seen,
    ...drift,
    repaired,
    ...(unread > 0 ? { unread } : {}),
    ...(refused > 0 ? { refused } : {}),
    ...(problem === undefined ? {} : { problem }),
    ...(note === undefined ? {} : { note }),
  }))
  if (isFinished && !isComplete(found)) {
    logger.error({ tables }, 'reconcile could not compare or repair everything')
  } else if (isFinished) logger.info({ tables }, 'reconcile compared Clerk and the tables')
  return { state: isFinished ? 'finished' : 'working', tables }
}

// By their hashes: the time tells nothing of the secret, not even its length.
function isSame(one: string, other: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(hash(one), hash(other))
}

function required(value: string | undefined, problem: string): string {
  if (value) return value
  throw new Error(problem)
}
