import { entities, fieldName, fieldsOf } from '@clerk-sync/events'
import type { Entity } from '@clerk-sync/events'
import type { KeptSettings } from './kept-settings.ts'

/** One thing that SYNC_FIELDS can name, and what it brings. */
export interface FieldReport {
  readonly name: string
  readonly kept: boolean
  /** The word for SYNC_FIELDS that changes it; undefined for what is always kept. */
  readonly setting: string | undefined
  /** Whether that word stands in SYNC_FIELDS now: then taking it out changes it. */
  readonly isSet: boolean
  readonly columns: readonly string[]
  readonly childTables: readonly { readonly table: string; readonly columns: readonly string[] }[]
}

export interface EntityReport {
  readonly name: string
  readonly table: string
  readonly kept: boolean
  readonly events: readonly string[]
  readonly fields: readonly FieldReport[]
}

export interface KeptReport {
  /** What SYNC_ENTITIES names, or would have to name, to keep what is kept. */
  readonly syncEntities: readonly string[]
  readonly syncFields: readonly string[]
  readonly entities: readonly EntityReport[]
  /** Of the ledger. */
  readonly requestFields: readonly FieldReport[]
}

/** What is kept with these settings, entity by entity, and the words that change it. */
export function describeKept({ kept, fields = [] }: KeptSettings): KeptReport {
  const keptTables = kept.entities.map(({ table }) => table)
  return {
    syncEntities: keptTables,
    syncFields: fields,
    entities: entities.map((entity) => ({
      name: entity.name,
      table: entity.table,
      kept: keptTables.includes(entity.table),
      events: [...entity.upsertedBy, ...entity.deletedBy],
      fields: describeFields(entity, keptTables.includes(entity.table), fields),
    })),
    requestFields: Object.entries(kept.requestFields).map(([column, isKept]) => ({
      name: `webhook_events.${column}`,
      kept: isKept,
      setting: `webhook_events.${column}`,
      isSet: isKept,
      columns: [column],
      childTables: [],
    })),
  }
}

function describeFields(entity: Entity, isKept: boolean, chosen: readonly string[]): FieldReport[] {
  return fieldsOf(entity).map(({ name, optional, removable }) => {
    const setting = optional ? name : `-${name}`
    const isSet = chosen.includes(setting)
    return {
      name,
      kept: isKept && isSet === optional,
      setting: removable ? setting : undefined,
      isSet,
      columns: entity.columns
        .filter((column) => fieldName(entity, column) === name)
        .map((column) => column.name),
      childTables: entity.children
        .filter((child) => fieldName(entity, { ...child, name: child.table }) === name)
        .map(({ table, parentColumn, columns }) => ({
          table,
          columns: ['id', parentColumn, ...columns.map((column) => column.name)],
        })),
    }
  })
}
