import { entities, reportedPaths } from '@clerk-sync/events'
import type { Entity } from '@clerk-sync/events'
import { createLogLimit } from '@clerk-sync/ops'
import type { Logger } from '@clerk-sync/ops/process'
import { Counter } from 'prom-client'
import type { Registry } from 'prom-client'

/** Counts and logs what of one object can't be read. The names are those of `reportedPaths`. */
export type ReportUnreadable = (
  entity: Entity,
  fields: readonly string[],
  about?: { readonly svixId?: string; readonly entityId?: string },
) => void

// A field that Clerk has changed comes with every event.
const quietMs = 60_000

/** Each field is logged at once, and then at most once in a minute. Values are never logged. */
export function createUnreadableFields(registry: Registry, logger: Logger): ReportUnreadable {
  const counter = new Counter({
    name: 'clerk_sync_worker_unreadable_fields_total',
    help: 'Fields that Clerk sent in a form that can not be read, by entity and field: written as null or as near as the database can hold, or, of a list, left as they were.',
    labelNames: ['entity', 'field'] as const,
    registers: [registry],
  })
  // A series that begins with its first field hides that field from increase().
  for (const entity of entities) {
    for (const field of reportedPaths(entity)) counter.inc({ entity: entity.name, field }, 0)
  }
  const next = createLogLimit(quietMs)

  return ({ name: entity }, fields, about = {}) => {
    for (const field of fields) counter.inc({ entity, field })
    const loud = fields.filter((field) => next(`${entity} ${field}`) !== undefined)
    if (loud.length === 0) return
    logger.warn(
      { ...about, entity, fields: loud },
      'Clerk sent fields that can not be read; they are written as null or as near as the database can hold, rows of such a list stay as they are',
    )
  }
}
