import type { Database, Transaction } from '@clerk-sync/db'
import { crashedAfterMs, findReconcile, lockBeginning } from './under-way.ts'
import type { UnderWay } from './under-way.ts'

// One statement must end long before its timeout: a run may have noted millions.
const chunkRows = 50_000

// Of no entity: where it is missing, a crash of the server has emptied the unlogged table.
const firstItem = { entity: '', id: '' }

/** A reconcile that begins. */
interface NewRun {
  readonly id: string
  readonly repair: boolean
  readonly startedBy: string
}

/**
 * Begins a run, unless one is under way in any process: that is returned as `busy`. What crashed runs
 * have left is removed.
 */
export async function beginReconcile(
  db: Database,
  { id, repair, startedBy }: NewRun,
): Promise<{ busy: UnderWay | undefined }> {
  const busy = await db.transaction(async (tx) => {
    await lockBeginning(tx)
    const running = await findReconcile(tx)
    if (running) return running
    await tx.execute(
      'INSERT INTO clerk.reconcile_runs (id, repair, started_by) VALUES ($1, $2, $3)',
      id,
      repair,
      startedBy,
    )
    return undefined
  })
  if (busy !== undefined) return { busy }
  await removeItems(db, 'run_id <> $1', id)
  await db.transaction((tx) =>
    tx.execute(
      'INSERT INTO clerk.reconcile_items (run_id, entity, id) VALUES ($1, $2, $3)',
      id,
      firstItem.entity,
      firstItem.id,
    ),
  )
  return { busy: undefined }
}

/**
 * Begins a run that is done in slices, or goes on with one that is not finished, with what the last
 * slice has saved. `busy`: any run is under way in another process.
 */
export async function beginSlice(
  db: Database,
  { slice, ...run }: NewRun & { readonly slice: unknown },
): Promise<{ id: string; slice: unknown } | { busy: UnderWay }> {
  const resumed = await db.transaction(async (tx) => {
    await lockBeginning(tx)
    const [last] = await tx.query<{ id: string; slice: unknown }>(
      `UPDATE clerk.reconcile_runs SET alive_at = now()
       WHERE id = (SELECT id FROM clerk.reconcile_runs ORDER BY started_at DESC LIMIT 1)
         AND finished_at IS NULL AND slice IS NOT NULL AND repair = $1
         AND alive_at < now() - $2::float8 * interval '1 millisecond'
       RETURNING id, slice`,
      run.repair,
      crashedAfterMs,
    )
    return last
  })
  if (resumed && (await db.transaction((tx) => isWhole(tx, resumed.id)))) return resumed
  if (resumed) await finishReconcile(db, resumed.id)
  const { busy } = await beginReconcile(db, run)
  if (busy !== undefined) return { busy }
  await saveSlice(db, run.id, slice)
  return { id: run.id, slice }
}

/** Saves how far a run in slices is. */
export async function saveSlice(db: Database, id: string, slice: unknown): Promise<void> {
  await db.query(
    'UPDATE clerk.reconcile_runs SET slice = $2::jsonb, alive_at = now() WHERE id = $1',
    id,
    JSON.stringify(slice),
  )
}

/** Ends a slice: anybody may go on with the run at once, or begin another one. */
export async function endSlice(db: Database, id: string): Promise<void> {
  await db.query(`UPDATE clerk.reconcile_runs SET alive_at = '-infinity' WHERE id = $1`, id)
}

async function isWhole(tx: Transaction, runId: string): Promise<boolean> {
  const rows = await tx.query<object>(
    'SELECT 1 AS one FROM clerk.reconcile_items WHERE run_id = $1 AND entity = $2 AND id = $3',
    runId,
    firstItem.entity,
    firstItem.id,
  )
  return rows.length > 0
}

/** @throws an Error when the notes of the run are lost. */
export async function assertWhole(tx: Transaction, runId: string): Promise<void> {
  if (await isWhole(tx, runId)) return
  throw new Error('the database has lost what this comparison noted, as after a crash: start anew')
}

/** Says that the run is alive. */
export async function keepAlive(db: Database, id: string): Promise<void> {
  await db.transaction((tx) =>
    tx.execute('UPDATE clerk.reconcile_runs SET alive_at = now() WHERE id = $1', id),
  )
}

/** Ends a run, with what it found; without it, for one that failed. */
export async function finishReconcile(db: Database, id: string, drift?: unknown): Promise<void> {
  await removeItems(db, 'run_id = $1', id)
  await db.transaction((tx) =>
    tx.execute(
      'UPDATE clerk.reconcile_runs SET finished_at = now(), drift = $2::jsonb WHERE id = $1',
      id,
      drift === undefined ? null : JSON.stringify(drift),
    ),
  )
}

/** A reconcile that found out what it was to find out. */
export interface LastReconcile {
  readonly startedAt: Date
  readonly finishedAt: Date
  readonly drift: unknown
  readonly repair: boolean
  /** Null where an older release started it. */
  readonly startedBy: string | null
  /** When later ones ended without an answer: the last of them. */
  readonly failedAt: Date | null
}

/** The last run that found out what it was to find out. */
export async function readLastReconcile(db: Database): Promise<LastReconcile | undefined> {
  return db.transaction(async (tx) => {
    const [row] = await tx.query<LastReconcile>(
      `SELECT started_at AS "startedAt", finished_at AS "finishedAt", drift, repair,
         started_by AS "startedBy", (
           SELECT max(failed.finished_at) FROM clerk.reconcile_runs AS failed
           WHERE failed.finished_at > run.finished_at AND failed.drift IS NULL
         ) AS "failedAt"
       FROM clerk.reconcile_runs AS run WHERE finished_at IS NOT NULL AND drift IS NOT NULL
       ORDER BY finished_at DESC LIMIT 1`,
    )
    return row
  })
}

async function removeItems(db: Database, where: string, runId: string): Promise<void> {
  let removed: number
  do {
    removed = await db.transaction((tx) =>
      tx.execute(
        `DELETE FROM clerk.reconcile_items WHERE ctid = ANY(ARRAY(
           SELECT ctid FROM clerk.reconcile_items WHERE ${where} LIMIT ${chunkRows}
         ))`,
        runId,
      ),
    )
  } while (removed === chunkRows)
}
