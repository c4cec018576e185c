import { entities, fieldsLeftOut, keptBy, keptVariables } from '@clerk-sync/events'
import type { Entity, Kept } from '@clerk-sync/events'

import { readConfig } from '@clerk-sync/ops'

/** SYNC_ENTITIES and SYNC_FIELDS as read; undefined keeps what is kept by default. */
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

/** The setting that keeps all that is kept and this entity, too. */
export function settingThatKeeps(kept: Kept, entity: Entity): string {
  const tables = [...kept.entities, entity].map(({ table }) => table)
  return `SYNC_ENTITIES=${tables.join(',')}`
}
