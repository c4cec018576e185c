import type { Change, LedgerEvent } from '@clerk-sync/db'
import { effectOf, latestTime, readRow } from '@clerk-sync/entities'
import { parseEventJob } from '@clerk-sync/events'
import type { EventJob } from '@clerk-sync/events'
import { CannotApplyError } from '@clerk-sync/queue'

// A longer id is not Clerk's, and PostgreSQL could not index it.
const longestId = 255

/**
 * What the event in `job.data` does to the tables.
 *
 * @throws {CannotApplyError} when it can never be applied; the message holds no personal data.
 */
export function toChange(jobData: unknown): Change {
  const job = parseEventJob(jobData)
  if (!job) throw new CannotApplyError('the job does not hold an event')
  const event = toLedgerEvent(job)
  const effect = effectOf(job.type)
  if (!effect) return { kind: 'none', event }

  const { entity, action } = effect
  const id = job.entityId
  if (id === undefined)
    throw new CannotApplyError(`${job.type} has no data.id: nothing to apply it to`)
  if (id.length > longestId) {
    throw new CannotApplyError(`${job.type} has a data.id of more than ${longestId} characters`)
  }
  if (action === 'delete') return { kind: 'delete', event, entity, id }

  const data = job.data ?? {}
  const row = readRow(entity, data)
  if (!row.ok) throw new CannotApplyError(`${job.type} can't be read: ${row.problem}`)
  return { kind: 'upsert', event, entity, id, updatedAt: updatedAtOf(job, data), value: row.value }
}

function toLedgerEvent(job: EventJob): LedgerEvent {
  const { svixId, type, occurredAt, receivedAt } = job
  const entityId = job.entityId?.slice(0, longestId)
  if (occurredAt > latestTime) throw new CannotApplyError(`${type} has a time after the year 9999`)
  return { id: svixId, type, entityId, occurredAt, receivedAt }
}

// Without updated_at the event's own time stands in.
function updatedAtOf(job: EventJob, data: { [field: string]: unknown }): number {
  const updatedAt = data['updated_at'] ?? job.occurredAt
  if (typeof updatedAt === 'number' && updatedAt >= 0 && updatedAt <= latestTime) {
    return Math.trunc(updatedAt)
  }
  throw new CannotApplyError(
    `${job.type} can't be read: data.updated_at is not a time in milliseconds`,
  )
}
