import type { EntityDrift } from '@clerk-sync/backfill'
import { readLastReconcile } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { Gauge } from 'prom-client'
import type { Registry } from 'prom-client'

/**
 * What the last reconcile found, in whatever process it ran; the same from every worker, so take
 * max(), not sum(). Absent before the first.
 */
export function registerReconcileMetrics(registry: Registry, db: Database): void {
  const registers = [registry]
  const end = new Gauge({
    name: 'clerk_sync_reconcile_last_run_timestamp_seconds',
    help: 'Unix time at which the last reconcile ended.',
    registers,
  })
  const duration = new Gauge({
    name: 'clerk_sync_reconcile_last_run_duration_seconds',
    help: 'How long the last reconcile took.',
    registers,
  })
  const drift = new Gauge({
    name: 'clerk_sync_reconcile_drift_rows',
    help: 'Rows that differ from Clerk after the last reconcile, by table and kind.',
    labelNames: ['table', 'kind'] as const,
    registers,
    async collect() {
      const gauges = [end, duration, drift]
      const last = await readLastReconcile(db).catch(() => undefined)
      for (const gauge of gauges) gauge.reset()
      if (!last) {
        for (const gauge of [end, duration]) gauge.remove()
        return
      }
      end.set(last.finishedAt.getTime() / 1_000)
      duration.set((last.finishedAt.getTime() - last.startedAt.getTime()) / 1_000)
      for (const { table, drift: kinds } of last.drift as EntityDrift[]) {
        for (const [kind, rows] of Object.entries(kinds)) this.set({ table, kind }, rows)
      }
    },
  })
}
