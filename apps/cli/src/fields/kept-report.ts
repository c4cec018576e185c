import {
  entities,
  fieldName,
  fieldsOf,
  fieldsLeftOut,
  keptBy,
  keptVariables,
} from '@clerk-sync/events'
import type { Entity, Kept } from '@clerk-sync/events'
import { readConfig } from '@clerk-sync/ops'

/** A field that SYNC_FIELDS can name, with its columns. */
export interface FieldReport {
  readonly name: string
  readonly kept: boolean
  /** The word for SYNC_FIELDS that changes it; undefined for what is always kept. */
  readonly setting: string | undefined
  /** Whether SYNC_FIELDS has that word now: then removing it changes the field. */
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
  /** The value of SYNC_ENTITIES that keeps the same. */
  readonly syncEntities: readonly string[]
  readonly syncFields: readonly string[]
  readonly entities: readonly EntityReport[]
  /** The optional columns of the ledger. */
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

/** SYNC_ENTITIES and SYNC_FIELDS as read; undefined stands for the default. */
export interface KeptSettings {
  readonly kept: Kept
  readonly entities: readonly string[] | undefined
  readonly fields: readonly string[] | undefined
}

/** @throws {ConfigError} that lists every problem, as the processes do. */
export function readKeptSettings(env: NodeJS.ProcessEnv): KeptSettings {
  const settings = readConfig(keptVariables, env, fieldsLeftOut(env))
  return {
    kept: keptBy(settings),
    entities: settings.SYNC_ENTITIES,
    fields: settings.SYNC_FIELDS,
  }
}

/** The entity that an event of this type would be written to, if it is left out. */
export function leftOutEntity(kept: Kept, type: string): Entity | undefined {
  if (kept.effectOf(type).action !== 'leave') return undefined
  return entities.find(({ upsertedBy, deletedBy }) => [...upsertedBy, ...deletedBy].includes(type))
}

/** The setting that keeps this entity besides those that are kept already. */
export function settingThatKeeps(kept: Kept, entity: Entity): string {
  const tables = [...kept.entities, entity].map(({ table }) => table)
  return `SYNC_ENTITIES=${tables.join(',')}`
}
