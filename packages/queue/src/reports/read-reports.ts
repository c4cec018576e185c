import { addCounts } from './figures.ts'
import type { Counts } from './figures.ts'
import type { OpenQueue } from '../open-queue.ts'
import type { QueueDepth } from '../queue-depth.ts'
import { queueSource } from './report-process.ts'
import type { ProcessReport } from './report-process.ts'
import { keptMinutes, reportStoreOf } from './report-store.ts'

/** A process that has reported in the last 90 s. */
export interface ReportedProcess extends ProcessReport {
  readonly id: string
  /** How long ago it has reported. */
  readonly ageMs: number
}

/** Reads the reports of all processes, the longest running one first. @throws when the queue does not answer. */
export async function readProcesses(opened: OpenQueue): Promise<ReportedProcess[]> {
  const stored = await reportStoreOf(opened).readReports()
  return stored
    .map(({ id, report, ageMs }) => ({ ...(JSON.parse(report) as ProcessReport), id, ageMs }))
    .toSorted((one, other) => one.startedAt - other.startedAt || one.id.localeCompare(other.id))
}

/** What was counted in a minute, over all processes. */
export interface Minute {
  /** Minutes since 1970. */
  readonly minute: number
  readonly counts: Counts
  /** How much waited; undefined for a minute in which no process could tell. */
  readonly queue: (QueueDepth & { readonly oldestMs: number }) | undefined
}

// A process writes what it counted during an outage of the queue afterwards.
const rereadMinutes = 60

/**
 * Reads the figures of the last 25 hours, by minute; a minute without any is missing. What is older
 * than an hour is read once and kept.
 */
export function createFiguresReader(opened: OpenQueue): () => Promise<ReadonlyMap<number, Minute>> {
  const minutes = new Map<number, Minute>()
  let readUntil: number | undefined
  return async () => {
    const now = Math.floor(Date.now() / 60_000)
    const oldest = now - keptMinutes
    const since = Math.max(oldest, (readUntil ?? 0) - rereadMinutes)
    // A clock may be a little ahead.
    const stored = await reportStoreOf(opened).readMinutes(since, now + 1)
    readUntil = now
    for (const minute of minutes.keys()) {
      if (minute >= since || minute < oldest) minutes.delete(minute)
    }
    for (const { minute, source, figures } of stored) {
      const read = minutes.get(minute) ?? { minute, counts: {}, queue: undefined }
      const value: unknown = JSON.parse(figures)
      minutes.set(minute, source === queueSource ? withQueue(read, value) : withCounts(read, value))
    }
    return minutes
  }
}

const withCounts = (read: Minute, value: unknown): Minute => ({
  ...read,
  counts: addCounts(read.counts, value as Counts),
})

// It is empty for the moment between its claim and its value.
const withQueue = (read: Minute, value: unknown): Minute => ({
  ...read,
  queue: 'waiting' in Object(value) ? (value as NonNullable<Minute['queue']>) : undefined,
})
