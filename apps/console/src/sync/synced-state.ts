import { createDatabaseCheck } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { selectKept } from '@clerk-sync/events'
import type { Kept } from '@clerk-sync/events'
import { shareReading } from '@clerk-sync/ops/metrics'
import type { NextRun, ScheduleReader } from '@clerk-sync/queue'
import {
  canResumeBackfill,
  createLastEvents,
  readDeployment,
  readLastReconcile,
  readTables,
  readUnderWay,
} from '@clerk-sync/sync'
import type { LastEvents, LastReconcile, TableRows, UnderWay } from '@clerk-sync/sync'

/** What is synced, and what runs. */
export interface SyncedState {
  readonly kept: Kept
  /** Fields that rows lack which were written before the fields were kept. */
  readonly unfilled: readonly string[]
  readonly last: LastReconcile | undefined
  readonly next: NextRun | undefined
  readonly underWay: readonly UnderWay[]
  readonly canResume: boolean
}

export interface Contents {
  readonly tables: readonly TableRows[]
  readonly events: LastEvents
}

export interface SyncedReader {
  /** @throws what the database throws, or an Error where it does not answer in time. */
  state(): Promise<SyncedState>
  /** What runs at this moment in any process. */
  underWay(): Promise<UnderWay[]>
  /** Read every 15 s at the most. @throws what `state` does. */
  contents(): Promise<Contents>
  close(): Promise<void>
}

// All tables are counted each time.
const contentsKeepMs = 15_000

export function createSyncedReader(db: Database, schedule: ScheduleReader): SyncedReader {
  const lastEvents = createLastEvents(db)
  const checkDatabase = createDatabaseCheck(db)

  async function readState(): Promise<SyncedState> {
    const [deployment, last, underWay, canResume, next] = await Promise.all([
      readDeployment(db),
      readLastReconcile(db),
      readUnderWay(db),
      canResumeBackfill(db),
      // The queue may be unavailable where the database is not.
      schedule.next('reconcile').catch(() => undefined),
    ])
    const { unfilled } = deployment
    return {
      kept: selectKept(deployment.settings?.choice),
      unfilled,
      last,
      next,
      underWay,
      canResume,
    }
  }

  async function readContents(): Promise<Contents> {
    const { settings } = await readDeployment(db)
    const { entities } = selectKept(settings?.choice)
    const [tables, events] = await Promise.all([readTables(db, entities), lastEvents.read()])
    return { tables, events }
  }

  return {
    state: shareWhileRead(() => explained(readState, checkDatabase)),
    underWay: () => readUnderWay(db),
    contents: shareForAWhile(() => explained(readContents, checkDatabase)),
    close: () => lastEvents.close(),
  }
}

/** Says what is wrong with the database, where `check` knows it. */
async function explained<T>(read: () => Promise<T>, check: () => Promise<void>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    await check()
    throw error
  }
}

/** Who asks while it is read shares the reading. */
function shareWhileRead<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => {
    reading ??= read().finally(() => {
      reading = undefined
    })
    return reading
  }
}

function shareForAWhile<T>(read: () => Promise<T>): () => Promise<T> {
  const readOnce = shareReading(
    () =>
      read().then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    { keepMs: contentsKeepMs },
  )
  return async () => {
    const result = await readOnce()
    if (result === undefined) throw new Error('the database takes long to answer')
    if ('error' in result) throw result.error
    return result.value
  }
}
