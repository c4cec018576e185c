import { registerReadGauge, shareReading } from '@clerk-sync/ops/metrics'
import type { Registry } from 'prom-client'
import type { OpenQueue } from './open-queue.ts'
import { watchOldestWaiting, readQueueDepth } from './queue-depth.ts'
import { readRedisFacts } from './redis-info.ts'

const jobsName = 'clerk_sync_queue_jobs'

/**
 * Registers the metrics of the queue and of its Redis; every process shows the same. Apps in one
 * process share the registry and the queue, so a second call does nothing.
 */
export function registerQueueMetrics(registry: Registry, opened: OpenQueue): void {
  if (registry.getSingleMetric(jobsName)) return
  const readDepth = shareReading(() => readQueueDepth(opened))
  const readAge = shareReading(watchOldestWaiting(opened))
  const readFacts = shareReading(() => readRedisFacts(opened))
  registerReadGauge(registry, {
    name: jobsName,
    help: 'Jobs in the queue by state: waiting for a worker, active in one, delayed until their next attempt, or failed for good until someone replays them. Absent while the queue does not answer.',
    labelNames: ['state'],
    async read() {
      const depth = await readDepth()
      return Object.entries(depth ?? {}).map(([state, value]) => ({ labels: { state }, value }))
    },
  })
  registerReadGauge(registry, {
    name: 'clerk_sync_queue_oldest_waiting_age_seconds',
    help: 'For how long the oldest waiting job has waited; 0 when none waits. Absent while the queue does not answer.',
    read: async () => toSamples(await readAge(), 1 / 1_000),
  })
  registerReadGauge(registry, {
    name: 'clerk_sync_redis_memory_used_bytes',
    help: 'Memory that Redis uses; of a cluster, that of its fullest node. Absent when the queue is in PostgreSQL.',
    read: async () => toSamples((await readFacts())?.usedBytes),
  })
  registerReadGauge(registry, {
    name: 'clerk_sync_redis_memory_max_bytes',
    help: 'Memory that Redis may use, its maxmemory. Absent without a limit, and when the queue is in PostgreSQL.',
    read: async () => toSamples((await readFacts())?.maxBytes || undefined),
  })
}

function toSamples(value: number | undefined, factor = 1) {
  return value === undefined ? [] : [{ value: value * factor }]
}
