import type { Logger } from '@clerk-sync/ops/process'
import { createDatabaseCheck } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { selectKept } from '@clerk-sync/events'
import {
  backfill,
  driftOf,
  isComplete,
  listedEntities,
  nameStarter,
  openClerkAccess,
  reconcile,
  totalOf,
} from '@clerk-sync/sync'
import type { BackfillResult, ClerkAccess, DeleteLimit, EntityDrift } from '@clerk-sync/sync'
import type { ClerkSettings } from '../config.ts'
import { createRuns } from '../runs.ts'
import type { Run, Runs } from '../runs.ts'

/** What an operator starts; the same as the commands of these names. */
export type SyncInput =
  | { readonly kind: 'reconcile' }
  | { readonly kind: 'repair'; readonly maxDeletes: DeleteLimit }
  | { readonly kind: 'backfill'; readonly resume: boolean; readonly refill: boolean }

/** How far one table is. */
interface TableProgress {
  readonly table: string
  readonly done: number
  readonly total: number | undefined
}

export interface SyncProgress {
  /** In the order in which they were begun. */
  readonly tables: readonly TableProgress[]
  /** What it waits for now. */
  readonly waiting: string | undefined
  /** The first things that went wrong with single entries. */
  readonly notes: readonly string[]
  readonly found: readonly EntityDrift[] | undefined
  readonly results: readonly BackfillResult[] | undefined
}

export type SyncRun = Run<SyncInput, SyncProgress>
export type SyncRuns = Runs<SyncInput, SyncProgress>

export interface SyncDeps {
  readonly databaseUrl: string
  readonly clerk: ClerkSettings
  /** Of the console's pages. A run opens one of its own. */
  readonly db: Database
  readonly logger: Logger
}

// More say nothing new.
const mostNotes = 20
const nothing: SyncProgress = {
  tables: [],
  waiting: undefined,
  notes: [],
  found: undefined,
  results: undefined,
}

/** Reconciles, repairs and backfills on request, one at a time on this console. */
export function createSyncRuns(deps: SyncDeps): SyncRuns {
  const checkDatabase = createDatabaseCheck(deps.db)
  return createRuns<SyncInput, SyncProgress>(
    {
      nameOf: ({ kind }) => kind,
      firstProgress: nothing,
      async work(input, { startedBy, signal, setProgress }) {
        await checkDatabase()
        const report = createReport(setProgress)
        const access = await openClerkAccess({
          ...deps.clerk,
          databaseUrl: deps.databaseUrl,
          settingsFrom: settingsOfWorker,
          signal,
          onRetry: report.wait,
        })
        try {
          const common = {
            ...access,
            entities: listedEntities(access.kept),
            startedBy: nameStarter(`${startedBy} on the console`),
            signal,
            onWait: ({ reason, inMs }: { reason: string; inMs: number }) =>
              report.wait(`${reason}; again in ${inMs / 1_000} s`),
            onUnreadable: report.unreadable,
          }
          return await runOne(input, common, report)
        } finally {
          await access.close()
        }
      },
      describe: ({ input, progress }) => ({ ...input, ...summaryOf(progress) }),
    },
    deps.logger,
  )
}

type Settings = Parameters<Parameters<typeof openClerkAccess>[0]['settingsFrom']>[0]

function settingsOfWorker(saved: Settings) {
  if (saved) return { kept: selectKept(saved.choice), deletionPolicy: saved.deletionPolicy }
  throw new Error('no worker has run on this database yet, and its settings apply: start one first')
}

type Report = ReturnType<typeof createReport>
type Common = ClerkAccess &
  Pick<
    Parameters<typeof reconcile>[0],
    'entities' | 'startedBy' | 'signal' | 'onWait' | 'onUnreadable'
  >

async function runOne(input: SyncInput, common: Common, report: Report): Promise<SyncProgress> {
  if (input.kind !== 'backfill') {
    const found = await reconcile({
      ...common,
      repair: input.kind === 'repair' ? { maxDeletes: input.maxDeletes } : undefined,
      onProgress: ({ entity, seen, total }) => report.at(entity.table, seen, total),
    })
    return report.end({ found })
  }
  const results = await backfill({
    ...common,
    resume: input.resume,
    refill: input.refill,
    dryRun: false,
    onProgress: ({ entity, counts, total }) => report.at(entity.table, totalOf(counts), total),
    onProblem: ({ table }, problem) => report.note(`${table}: ${problem}`),
  })
  const progress = report.end({ results })
  if (results.some(({ stopped }) => stopped)) common.signal.throwIfAborted()
  return progress
}

/** Keeps the progress of a run together. */
function createReport(setProgress: (progress: SyncProgress) => void) {
  const tables = new Map<string, TableProgress>()
  const notes = new Set<string>()

  function set(more: Partial<SyncProgress> = {}): SyncProgress {
    const progress = { ...nothing, tables: [...tables.values()], notes: [...notes], ...more }
    setProgress(progress)
    return progress
  }

  const note = (line: string): void => {
    if (notes.size < mostNotes) notes.add(line)
    set()
  }
  return {
    note,
    wait: (line: string): void => void set({ waiting: line }),
    unreadable: ({ table }: { table: string }, fields: readonly string[]): void => {
      for (const field of fields) note(`${table}: ${field} can't be read in some objects`)
    },
    at(table: string, done: number, total: number | undefined): void {
      tables.set(table, { table, done, total })
      set()
    },
    end: (results: Partial<SyncProgress>): SyncProgress => set(results),
  }
}

export interface Summary {
  /** Of a reconcile or a repair. */
  readonly drift?: number
  readonly repaired?: number
  /** Of a backfill. */
  readonly created?: number
  readonly updated?: number
  readonly failed?: number
  /** Whether all of it could be read and written; undefined where it did not come to its end. */
  readonly isComplete?: boolean
}

/** What came of it, in numbers. */
export function summaryOf({ found, results }: SyncProgress): Summary {
  if (found) {
    const repaired = found.reduce((sum, one) => sum + one.repaired, 0)
    return { drift: driftOf(found), repaired, isComplete: isComplete(found) }
  }
  if (!results) return {}
  const sum = (kind: keyof BackfillResult['counts']) =>
    results.reduce((all, { counts }) => all + counts[kind], 0)
  return {
    created: sum('created'),
    updated: sum('updated'),
    failed: sum('failed'),
    isComplete: sum('failed') === 0 && results.every(({ problem }) => problem === undefined),
  }
}
