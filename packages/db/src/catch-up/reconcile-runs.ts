import type { Database } from '../database.ts'
import type { Prisma } from '../generated/client.ts'

// A run says more often than this that it is alive, also while it waits for Clerk.
const deadAfterMs = 120_000

// Not for lockTables: writers go on while a run begins.
const beginLock = 0x7265636f

/**
 * Begins a run, unless one is under way in any process: then its id is returned as `busy`. What runs
 * that died have left is removed.
 */
export async function beginReconcile(
  db: Database,
  { id, repair }: { id: string; repair: boolean },
): Promise<{ busy: string | undefined }> {
  return db.transaction(async (tx) => {
    await tx.$queryRawUnsafe(`SELECT pg_advisory_xact_lock(${beginLock})::text`)
    const [running] = await tx.$queryRawUnsafe<{ id: string }[]>(
      `SELECT id FROM clerk.reconcile_runs
       WHERE finished_at IS NULL AND alive_at > now() - $1 * interval '1 millisecond'`,
      deadAfterMs,
    )
    if (running) return { busy: running.id }
    await tx.$executeRawUnsafe('DELETE FROM clerk.reconcile_items')
    await tx.$executeRawUnsafe(
      'INSERT INTO clerk.reconcile_runs (id, repair) VALUES ($1, $2)',
      id,
      repair,
    )
    return { busy: undefined }
  })
}

/** Says that the run is alive. */
export async function keepAlive(db: Database, id: string): Promise<void> {
  await db.prisma.reconcileRun.update({ where: { id }, data: { alive_at: new Date() } })
}

/** Ends a run, with what it found; without it, for one that failed. */
export async function finishReconcile(db: Database, id: string, drift?: unknown): Promise<void> {
  await db.transaction((tx) =>
    tx.$executeRawUnsafe('DELETE FROM clerk.reconcile_items WHERE run_id = $1', id),
  )
  await db.prisma.reconcileRun.update({
    where: { id },
    data: {
      finished_at: new Date(),
      ...(drift === undefined ? {} : { drift: drift as Prisma.InputJsonValue }),
    },
  })
}

/** The last run that found out what it was to find out. */
export async function readLastReconcile(
  db: Database,
): Promise<{ startedAt: Date; finishedAt: Date; drift: unknown } | undefined> {
  const row = await db.prisma.reconcileRun.findFirst({
    where: { NOT: [{ finished_at: null }, { drift: { equals: null as never } }] },
    orderBy: { finished_at: 'desc' },
  })
  return row?.finished_at
    ? { startedAt: row.started_at, finishedAt: row.finished_at, drift: row.drift }
    : undefined
}
