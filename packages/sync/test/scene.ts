import { createBackendApi, createRateLimiter } from '@clerk-sync/events/backend-api'
import type { BackendApi, BackendApiOptions } from '@clerk-sync/events/backend-api'
import { createDatabase } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import type { Database, WriteRules } from '@clerk-sync/db'
import { everything, selectKept } from '@clerk-sync/events'
import type { Entity, Kept } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk, FakeClerkOptions } from '@clerk-sync/fake-clerk'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { onTestFinished } from 'vitest'
import { backfill, reconcile } from '../src/index.ts'
import type { BackfillOptions, ReconcileOptions } from '../src/index.ts'

/** A fake Clerk, a migrated database of its own, and both ways between them. */
export interface Scene {
  readonly fake: FakeClerk
  readonly url: string
  readonly db: Database
  readonly kept: Kept
  readonly entities: readonly Entity[]
  /** A database handle of its own, like that of another process. */
  readonly openDatabase: () => Database
  readonly openApi: (options?: Partial<BackendApiOptions>) => BackendApi
  readonly backfill: (options?: Partial<BackfillOptions>) => ReturnType<typeof backfill>
  readonly reconcile: (options?: Partial<ReconcileOptions>) => ReturnType<typeof reconcile>
  readonly query: <Row extends object>(sql: string, ...values: unknown[]) => Promise<Row[]>
}

const rules: WriteRules = { deletionPolicy: 'erase', auditValues: false }

/** No two times are equal, and none is later than now, however many are asked for in a moment. */
function createPastClock(): () => number {
  let last = 0
  return () => (last = Math.max(last + 1, Date.now() - 60_000))
}

/** Everything that is kept, with no limit of the rate. Closed when the test ends. */
export async function createScene(options: FakeClerkOptions = {}): Promise<Scene> {
  const fake = await createFakeClerk({ now: createPastClock(), ...options })
  onTestFinished(() => fake.close())
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const { url } = database
  const openDatabase = () => {
    const db = createDatabase({ url, maxConnections: 3 })
    onTestFinished(() => db.close())
    return db
  }
  const openApi = (more: Partial<BackendApiOptions> = {}) =>
    createBackendApi({
      secretKey: fake.secretKey,
      url: fake.url,
      rateLimiter: createRateLimiter({ requests: 1e6, perMs: 1 }),
      ...more,
    })
  const db = openDatabase()
  const api = openApi()
  const kept = selectKept(everything)
  const entities = kept.entities.filter((entity) => entity.api)
  const common = { db, api, entities, rules, signal: new AbortController().signal }
  const onProgress = () => undefined
  return {
    fake,
    url,
    db,
    kept,
    entities,
    openDatabase,
    openApi,
    backfill: (more = {}) =>
      backfill({
        ...common,
        resume: false,
        dryRun: false,
        onProgress,
        onProblem: (_, problem) => {
          throw new Error(problem)
        },
        ...more,
      }),
    reconcile: (more = {}) =>
      reconcile({
        ...common,
        repair: undefined,
        onProgress,
        inFlightMs: 0,
        settleMs: 0,
        ...more,
      }),
    query: (sql, ...values) => db.query(sql, ...values),
  }
}
