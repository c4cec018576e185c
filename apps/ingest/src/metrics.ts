import { isEventType } from '@clerk-sync/events'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

export type RequestOutcome =
  | 'accepted'
  | 'other_instance'
  | 'left_out'
  | 'invalid_signature'
  | 'invalid_event'
  | 'invalid_request'
  | 'too_large'
  | 'queue_unavailable'
  | 'internal_error'

export interface IngestMetrics {
  /** `type` is given only when the signature was right: nothing unverified becomes a label. */
  answered(outcome: RequestOutcome, seconds: number, type?: string): void
}

export function createIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry]
  const requests = new Counter({
    name: 'clerk_sync_ingest_requests_total',
    help: 'Deliveries answered, by event type and outcome.',
    labelNames: ['type', 'outcome'] as const,
    registers,
  })
  const ack = new Histogram({
    name: 'clerk_sync_ingest_ack_seconds',
    help: 'Time from the arrival of a delivery to its answer, by outcome.',
    labelNames: ['outcome'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers,
  })
  const lastVerified = new Gauge({
    name: 'clerk_sync_ingest_last_verified_event_timestamp_seconds',
    help: 'Unix time of the last verified event; 0 before the first.',
    registers,
  })
  return {
    answered(outcome, seconds, type) {
      requests.inc({ type: labelOf(type), outcome })
      ack.observe({ outcome }, seconds)
      if (type !== undefined) lastVerified.setToCurrentTime()
    },
  }
}

function labelOf(type: string | undefined): string {
  if (type === undefined) return 'unverified'
  return isEventType(type) ? type : 'unknown'
}
