import { updatedAtOf } from '@clerk-sync/db'
import type { Change, LedgerEvent } from '@clerk-sync/db'
import { latestTime, parseEventJob, readConcerned, readRow } from '@clerk-sync/events'
import type { Entity, EventJob, Kept } from '@clerk-sync/events'
import { CannotApplyError } from '@clerk-sync/queue'

// A longer id is not Clerk's, and PostgreSQL could not index it.
const longestId = 255

/**
 * What the event in `job.data` does to the tables.
 *
 * @throws {CannotApplyError} when it can never be applied; the message holds no personal data.
 */
export function toChange(kept: Kept, jobData: unknown): Change {
  const job = parseEventJob(jobData)
  if (!job) throw new CannotApplyError('the job does not hold an event')
  const event = toLedgerEvent(job)
  const effect = kept.effectOf(job.type)
  // What ingest keeps and this worker leaves out is for the ledger alone.
  if (effect.action === 'record' || effect.action === 'leave') return { kind: 'none', event }

  const { entity, action } = effect
  const id = job.entityId
  if (id === undefined)
    throw new CannotApplyError(`${job.type} has no data.id: nothing to apply it to`)
  if (id.length > longestId) {
    throw new CannotApplyError(`${job.type} has a data.id of more than ${longestId} characters`)
  }
  if (action === 'delete') return { kind: 'delete', event, entity, id }
  return toUpsert(job, { event: withConcerned(event, entity, job), entity, id })
}

// Jobs of releases before did not say whom they concern; their data does.
function withConcerned(event: LedgerEvent, entity: Entity, job: EventJob): LedgerEvent {
  const { user, organization } = readConcerned(entity.concerns, job.data ?? {})
  return {
    ...event,
    userId: event.userId ?? user,
    organizationId: event.organizationId ?? organization,
  }
}

function toUpsert(
  job: EventJob,
  about: { event: LedgerEvent; entity: Entity; id: string },
): Change {
  const data = job.data ?? {}
  const row = readRow(about.entity, data)
  // Without updated_at the event's own time stands in.
  const updatedAt = updatedAtOf({ updated_at: data['updated_at'] ?? job.occurredAt })
  if (row.ok && updatedAt !== undefined) {
    return { kind: 'upsert', ...about, updatedAt, value: row.value }
  }
  const problem = row.ok ? 'data.updated_at is not a time in milliseconds' : row.problem
  const error = new CannotApplyError(`${job.type} can't be read: ${problem}`)
  return { kind: 'unreadable', ...about, error }
}

function toLedgerEvent(job: EventJob): LedgerEvent {
  const { svixId, type, userId, organizationId, clientIp, userAgent, occurredAt, receivedAt } = job
  const entityId = job.entityId?.slice(0, longestId)
  if (occurredAt > latestTime) throw new CannotApplyError(`${type} has a time after the year 9999`)
  return {
    id: svixId,
    type,
    entityId,
    userId,
    organizationId,
    clientIp,
    userAgent,
    occurredAt,
    receivedAt,
  }
}
