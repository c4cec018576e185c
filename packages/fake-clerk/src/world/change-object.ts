import { createClerkId } from '@clerk-sync/events/samples'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { Clock } from './clock.ts'
import type { Collection } from './collection.ts'

/** The id and time of a new object, unless the caller gives them as `id` and `created_at`. */
export function birthOf(
  prefix: string,
  clock: Clock,
  { id, created_at, ...fields }: Fields,
): { id: string; at: number; fields: Fields } {
  const at = typeof created_at === 'number' ? created_at : clock()
  return { id: typeof id === 'string' ? id : createClerkId(prefix, at), at, fields }
}

/** Puts fields over an object and moves its `updated_at` on, unless that is among the fields. */
export function changeObject(
  collection: Collection,
  clock: Clock,
  id: string,
  fields: Fields,
): ClerkObject {
  const { object, created_at, ...old } = collection.get(id)
  const changed = { ...old, updated_at: clock(), ...fields, object, id, created_at }
  collection.replace(changed)
  return changed
}

/** All kept objects that belong to an id. */
export function findGroup(collection: Collection, id: string): ClerkObject[] {
  return [...collection.walk({ group: id })].map(collection.resolve)
}

/** The `data` of most `*.deleted` events. */
export function deletedObject(object: ClerkObject, more: Fields = {}): Fields {
  return { object: object.object, id: object.id, deleted: true, ...more }
}
