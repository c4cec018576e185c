import {
  eventTypes,
  isEventType,
  refusalReasons,
  unverifiedOutcomes,
  verifiedOutcomes,
} from '@clerk-sync/events'
import type { RefusalReason, RequestOutcome } from '@clerk-sync/events'
import { Counter, Gauge, Histogram } from 'prom-client'
import type { Registry } from 'prom-client'

export interface IngestMetrics {
  arrived(): void
  /** `type` is given only for a verified event: nothing unverified becomes a label. */
  answered(outcome: RequestOutcome, seconds: number, type?: string): void
  /** The answer is sent, or the sender has hung up. */
  left(): void
  enqueued(seconds: number): void
  /** The queue had the event already. */
  duplicate(): void
  refused(reason: RefusalReason): void
}

/** Registers the metrics of ingest. */
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
    help: 'Time from the arrival of a delivery to its answer, by outcome; Svix gives up after 15 s.',
    labelNames: ['outcome'] as const,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15],
    registers,
  })
  const inFlight = new Gauge({
    name: 'clerk_sync_ingest_requests_in_flight',
    help: 'Deliveries that have arrived and are not answered yet.',
    registers,
  })
  const enqueue = new Histogram({
    name: 'clerk_sync_ingest_enqueue_seconds',
    help: 'Time until the queue had an event for good, or until it was given up.',
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  })
  const duplicates = new Counter({
    name: 'clerk_sync_ingest_duplicates_total',
    help: 'Deliveries accepted of an event that was still in the queue; the worker runs it once.',
    registers,
  })
  const lastVerified = new Gauge({
    name: 'clerk_sync_ingest_last_verified_event_timestamp_seconds',
    help: 'Unix time of the last event whose signature was right; absent until this process has had one.',
    aggregator: 'max',
    registers,
  })
  const refusals = new Counter({
    name: 'clerk_sync_ingest_refusals_total',
    help: 'Requests refused, and connections closed unanswered, by reason.',
    labelNames: ['reason'] as const,
    registers,
  })
  lastVerified.remove()
  // increase() would miss the first event of a series that begins with it.
  for (const outcome of verifiedOutcomes) {
    for (const type of [...eventTypes, unknown]) requests.inc({ type, outcome }, 0)
  }
  for (const outcome of unverifiedOutcomes) requests.inc({ type: unverified, outcome }, 0)
  for (const outcome of [...verifiedOutcomes, ...unverifiedOutcomes]) ack.zero({ outcome })
  for (const reason of refusalReasons) refusals.inc({ reason }, 0)

  return {
    arrived: () => inFlight.inc(),
    answered(outcome, seconds, type) {
      requests.inc({ type: labelOf(type), outcome })
      ack.observe({ outcome }, seconds)
      if (type !== undefined) lastVerified.setToCurrentTime()
    },
    left: () => inFlight.dec(),
    enqueued: (seconds) => enqueue.observe(seconds),
    duplicate: () => duplicates.inc(),
    refused: (reason) => refusals.inc({ reason }),
  }
}

const unverified = 'unverified'
const unknown = 'unknown'

function labelOf(type: string | undefined): string {
  if (type === undefined) return unverified
  return isEventType(type) ? type : unknown
}
