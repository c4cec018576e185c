import { splitNames } from '@clerk-sync/ops'
import type { Column, Entity } from './entity.ts'
import { entities, messages } from './registry.ts'
import { user } from './user.ts'

/** What SYNC_ENTITIES and SYNC_FIELDS keep of what Clerk sends. */
export interface Kept {
  /** The entities that are kept; their columns and child tables that are left out are `off`. */
  readonly entities: readonly Entity[]
  /** Whether the ledger keeps the client's address and user agent of a user's own requests. */
  readonly requestFields: { readonly client_ip: boolean; readonly user_agent: boolean }
  effectOf(type: string): Effect
}

/** What an event does: write or delete a row, be recorded in the ledger alone, or be left out. */
export type Effect =
  | { readonly action: 'upsert' | 'delete'; readonly entity: Entity }
  | { readonly action: 'record'; readonly concerns: Entity['concerns'] }
  | { readonly action: 'leave' }

/** What is asked for: table names; undefined keeps what is kept by default. */
export interface Choice {
  readonly entities?: readonly string[] | undefined
  /** `table.field`; a leading minus leaves out what is kept by default. */
  readonly fields?: readonly string[] | undefined
}

/** One thing that SYNC_FIELDS can name: a column, a child table, or both together. */
export interface Field {
  /** `users.private_metadata` */
  readonly name: string
  readonly optional: boolean
  /** False for what the tables can't do without. */
  readonly removable: boolean
}

const requestFields = ['webhook_events.client_ip', 'webhook_events.user_agent'] as const

/** What SYNC_FIELDS can name of one entity. */
export function fieldsOf(entity: Entity): Field[] {
  const parts = [
    ...entity.columns.map((column) => ({ ...column, removable: isRemovable(entity, column) })),
    ...entity.children.map((child) => ({ ...child, name: child.table, removable: true })),
  ]
  const named = Map.groupBy(parts, (part) => fieldName(entity, part))
  return Array.from(named, ([name, some]) => ({
    name,
    optional: some.some(({ optional }) => optional !== undefined),
    removable: some.every(({ removable }) => removable),
  }))
}

/** Everything that SYNC_FIELDS can name. */
export const fields: readonly Field[] = [
  ...entities.flatMap(fieldsOf),
  ...requestFields.map((name) => ({ name, optional: true, removable: true })),
]

/** @throws an Error that names what is unknown and lists what there is. */
export function parseEntities(text: string): string[] {
  const known = entities.map(({ table }) => table)
  const names = splitNames(text)
  const unknown = names.filter((name) => !known.includes(name))
  if (unknown.length > 0) {
    throw new Error(`names ${unknown.join(', ')}, but there are only ${known.join(', ')}`)
  }
  return names
}

/** @throws an Error that names what is unknown and says where to find what there is. */
export function parseFields(text: string): string[] {
  const removable = fields.filter((field) => field.removable)
  const signed = removable.map(({ name, optional }) => (optional ? name : `-${name}`))
  const names = splitNames(text)
  const unknown = names.filter((name) => !signed.includes(name))
  if (unknown.length > 0) {
    throw new Error(
      `names ${unknown.join(', ')}, which can't be chosen; "clerk-sync fields" lists what can`,
    )
  }
  return names
}

/** What is kept with these choices. */
export function selectKept(choice: Choice = {}): Kept {
  const chosen = new Set(choice.fields)
  const isKept = (entity: Entity) =>
    choice.entities ? choice.entities.includes(entity.table) : !entity.optional
  const effects = new Map<string, Effect>()
  const kept: Entity[] = []
  const tellsOfUsers = isKept(user)
  for (const type of messages.types) {
    const record = { action: 'record', concerns: messages.concerns } as const
    effects.set(type, tellsOfUsers ? record : { action: 'leave' })
  }
  for (const definition of entities) {
    const entity = isKept(definition) ? markOff(definition, chosen) : undefined
    if (entity) kept.push(entity)
    for (const type of definition.upsertedBy) {
      effects.set(type, entity ? { action: 'upsert', entity } : { action: 'leave' })
    }
    // An owner's deletion is kept in any case: what is kept goes with it, and what was kept once.
    const isDeleted = entity !== undefined || entities.some((one) => isPartOf(one, definition))
    for (const type of definition.deletedBy) {
      effects.set(
        type,
        isDeleted ? { action: 'delete', entity: entity ?? definition } : { action: 'leave' },
      )
    }
  }
  return {
    entities: kept,
    requestFields: {
      client_ip: chosen.has(requestFields[0]),
      user_agent: chosen.has(requestFields[1]),
    },
    effectOf: (type) => effects.get(type) ?? { action: 'record', concerns: {} },
  }
}

/** The choice that keeps just this. */
export function choiceOf({ entities: kept, requestFields: asked }: Kept): Choice {
  const ofEntities = kept.flatMap((entity) => {
    const parts = [
      ...entity.columns,
      ...entity.children.map((child) => ({ ...child, name: child.table })),
    ]
    return parts.flatMap((part) => {
      if (part.optional !== undefined) return part.off ? [] : [fieldName(entity, part)]
      return part.off ? [`-${fieldName(entity, part)}`] : []
    })
  })
  const ofRequests = requestFields.filter(
    (name) => asked[name.replace('webhook_events.', '') as keyof typeof asked],
  )
  return {
    entities: kept.map(({ table }) => table),
    fields: [...new Set([...ofEntities, ...ofRequests])],
  }
}

/** Everything, optional or not. */
export const everything: Choice = {
  entities: entities.map(({ table }) => table),
  fields: fields.filter(({ optional }) => optional).map(({ name }) => name),
}

/** Whether its rows go when this one goes. */
export function isPartOf(entity: Entity, owner: Entity): boolean {
  return entity.partOf.some((name) => name === owner.name)
}

function markOff(entity: Entity, chosen: ReadonlySet<string>): Entity {
  const mark = <P extends { name: string; optional?: string; field?: string }>(
    part: P,
  ): P & { off?: true } => {
    const name = fieldName(entity, part)
    const isOff = part.optional === undefined ? chosen.has(`-${name}`) : !chosen.has(name)
    return isOff ? { ...part, off: true } : part
  }
  return {
    ...entity,
    columns: entity.columns.map(mark),
    children: entity.children.map((child) => mark({ ...child, name: child.table })),
  }
}

/** How SYNC_FIELDS names a column or a child table. */
export function fieldName(
  entity: Entity,
  part: { readonly name: string; readonly optional?: string; readonly field?: string },
): string {
  return `${entity.table}.${part.optional ?? part.field ?? part.name}`
}

// Rows need them to exist at all, to go with their owner, or to be found with whom they concern; and
// what another field is computed from is queued with that.
function isRemovable(entity: Entity, column: Column): boolean {
  const concerns = Object.values(entity.concerns)
  const others = entity.columns.filter(
    (other) => fieldName(entity, other) !== fieldName(entity, column),
  )
  const needed = [...concerns, ...others.flatMap(({ reads }) => reads)]
  const [value = ''] = column.reads
  return !column.required && !needed.includes(value)
}
