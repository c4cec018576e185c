import { hostname } from 'node:os'
import type { Database, Transaction } from '@clerk-sync/db'

// A run says more often than this that it is alive, also while it waits for Clerk.
export const crashedAfterMs = 120_000
const aliveEveryMs = 20_000
// Sooner: whoever goes on with a backfill whose machine has crashed need not wait for long. Two at once
// harm nothing.
const backfillCrashedAfterMs = 30_000
const backfillAliveEveryMs = 5_000

// Not for lockTables: writers go on while a run begins.
const beginLock = 0x7265636f

/** A run that some process is working on. */
export interface UnderWay {
  readonly kind: 'backfill' | 'reconcile' | 'repair'
  readonly startedAt: Date
  /** Absent where an older release started it. */
  readonly startedBy: string | undefined
}

/** `clerk-sync backfill (process 12 on worker-1)` */
export function nameStarter(starter: string): string {
  return `${starter} (process ${process.pid} on ${hostname()})`
}

/** From now until the end of this transaction no other run begins. */
export async function lockBeginning(tx: Transaction): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(${beginLock})::text`)
}

interface Row {
  readonly startedAt: Date
  readonly startedBy: string | null
}

const isAlive = (withinMs: number) =>
  `finished_at IS NULL AND alive_at > now() - ${withinMs} * interval '1 millisecond'`
const who = `started_at AS "startedAt", started_by AS "startedBy"`

export async function findReconcile(tx: Transaction): Promise<UnderWay | undefined> {
  const [row] = await tx.query<Row & { repair: boolean }>(
    `SELECT ${who}, repair FROM clerk.reconcile_runs WHERE ${isAlive(crashedAfterMs)}`,
  )
  return row && { ...underWay(row), kind: row.repair ? 'repair' : 'reconcile' }
}

async function findBackfill(tx: Transaction, exceptId = ''): Promise<UnderWay | undefined> {
  const [row] = await tx.query<Row & { host: string; pid: number }>(
    `SELECT ${who}, host, pid FROM clerk.backfill_runs
     WHERE ${isAlive(backfillCrashedAfterMs)} AND id <> $1`,
    exceptId,
  )
  return row && !hasEnded(row) ? { ...underWay(row), kind: 'backfill' } : undefined
}

// Of a process of this machine it is known at once.
function hasEnded({ host, pid }: { host: string; pid: number }): boolean {
  if (host !== hostname()) return false
  try {
    return !process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}

const underWay = ({ startedAt, startedBy }: Row) => ({
  startedAt,
  startedBy: startedBy ?? undefined,
})

/** What runs now in any process of the deployment. */
export async function readUnderWay(db: Database): Promise<UnderWay[]> {
  return db.transaction(async (tx) => {
    const found = [await findReconcile(tx), await findBackfill(tx)]
    return found.filter((one) => one !== undefined)
  })
}

/** `started at 2026-11-30T14:05:00Z by …` */
export function describeUnderWay({ startedAt, startedBy }: UnderWay): string {
  const at = startedAt.toISOString().replace(/\.\d+Z$/, 'Z')
  return `started at ${at}${startedBy === undefined ? '' : ` by ${startedBy}`}`
}

/** Calls again and again until it is stopped: a run that waits long must not look like a crashed one. */
export function keepSayingAlive(
  say: () => Promise<void>,
  everyMs = aliveEveryMs,
): { stop(): void } {
  const timer = setInterval(() => void say().catch(() => undefined), everyMs)
  return { stop: () => clearInterval(timer) }
}

/**
 * Begins a backfill, unless another one is under way in any process: that is returned. It may be called
 * again where it is not known whether it has begun.
 */
export async function beginBackfill(
  db: Database,
  { id, startedBy }: { id: string; startedBy: string },
): Promise<UnderWay | undefined> {
  return db.transaction(async (tx) => {
    await lockBeginning(tx)
    const busy = await findBackfill(tx, id)
    if (busy) return busy
    await tx.execute('DELETE FROM clerk.backfill_runs')
    await tx.execute(
      'INSERT INTO clerk.backfill_runs (id, started_by, host, pid) VALUES ($1, $2, $3, $4)',
      id,
      startedBy,
      hostname(),
      process.pid,
    )
    return undefined
  })
}

/** Says that the backfill is alive, until it is stopped. */
export function keepBackfillAlive(db: Database, id: string): { stop(): void } {
  const say = () =>
    db.transaction((tx) =>
      tx.execute('UPDATE clerk.backfill_runs SET alive_at = now() WHERE id = $1', id),
    )
  return keepSayingAlive(async () => void (await say()), backfillAliveEveryMs)
}

export async function endBackfill(
  db: Database,
  { id, isComplete }: { id: string; isComplete: boolean },
): Promise<void> {
  await db.transaction((tx) =>
    tx.execute(
      'UPDATE clerk.backfill_runs SET finished_at = now(), is_complete = $2 WHERE id = $1',
      id,
      isComplete,
    ),
  )
}

/** Whether the last backfill did not read everything, and none is under way: one can go on with it. */
export async function canResumeBackfill(db: Database): Promise<boolean> {
  return db.transaction(async (tx) => {
    if (await findBackfill(tx)) return false
    const rows = await tx.query<object>(
      'SELECT 1 AS one FROM clerk.backfill_runs WHERE NOT is_complete',
    )
    return rows.length > 0
  })
}
