import type { EntityDrift } from '@clerk-sync/sync'
import { isComplete, readLastReconcile } from '@clerk-sync/sync'
import type { Database } from '@clerk-sync/db'
import { registerReadGauge, shareReading } from '@clerk-sync/ops/metrics'
import type { Sample } from '@clerk-sync/ops/metrics'
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

type Run = NonNullable<Awaited<ReturnType<typeof readLastReconcile>>>

/**
 * What the last reconcile found, in whatever process it ran; the same from every worker. And whether
 * this worker has a schedule for it.
 */
export function registerReconcileMetrics(
  registry: Registry,
  { db, isScheduled }: { db: Database; isScheduled: boolean },
): void {
  const readLast = shareReading(() => readLastReconcile(db))

  const register = (
    name: string,
    about: { help: string; labelNames?: readonly string[] },
    samplesOf: (run: Run) => Sample[],
  ): void =>
    registerReadGauge(registry, {
      name,
      ...about,
      async read() {
        const last = await readLast()
        return last ? samplesOf(last) : []
      },
    })

  new Gauge({
    name: 'clerk_sync_reconcile_scheduled',
    help: '1 when this worker has RECONCILE_CRON, else 0.',
    registers: [registry],
  }).set(isScheduled ? 1 : 0)
  register(
    'clerk_sync_reconcile_last_run_timestamp_seconds',
    { help: 'Unix time at which the last reconcile ended; absent before the first.' },
    ({ finishedAt }) => [{ value: finishedAt.getTime() / 1_000 }],
  )
  register(
    'clerk_sync_reconcile_last_run_duration_seconds',
    { help: 'How long the last reconcile took; absent before the first.' },
    ({ startedAt, finishedAt }) => [
      { value: (finishedAt.getTime() - startedAt.getTime()) / 1_000 },
    ],
  )
  register(
    'clerk_sync_reconcile_drift_rows',
    {
      help: 'Rows that differ from Clerk after the last reconcile, by table and kind; absent before the first, and for a table that it could not compare.',
      labelNames: ['table', 'kind'],
    },
    ({ drift }) =>
      (drift as EntityDrift[]).flatMap(({ table, drift: kinds, problem }) =>
        Object.entries(kinds)
          // What was found is true; that nothing was found is not known.
          .filter(([, value]) => value > 0 || problem === undefined)
          .map(([kind, value]) => ({ labels: { table, kind }, value })),
      ),
  )
  register(
    'clerk_sync_reconcile_incomplete',
    {
      help: '1 for a table of which the last reconcile could not compare or repair everything, else 0; absent before the first.',
      labelNames: ['table'],
    },
    ({ drift }) =>
      (drift as EntityDrift[]).map((one) => ({
        labels: { table: one.table },
        value: isComplete([one]) ? 0 : 1,
      })),
  )
}
