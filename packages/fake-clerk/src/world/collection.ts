import type { ClerkObject } from './clerk-object.ts'
import type { Generated } from './generated.ts'
import { placeOf } from './order-key.ts'
import type { OrderKey } from './order-key.ts'
import { walkInOrder } from './walk.ts'
import type { Ref, Walk } from './walk.ts'

/**
 * The objects of one kind in the order of their creation. Kept objects cost memory, generated ones
 * only once they are changed or deleted; a page costs its own length wherever it starts.
 */
export type Collection = ReturnType<typeof createCollection>

/**
 * Creates a collection, empty but for the generated objects. Objects that share an id in one of
 * `groupFields`, which must not change, can be walked over alone.
 */
export function createCollection(generated?: Generated, groupFields: readonly string[] = []) {
  const kept: ClerkObject[] = []
  const groups = new Map<unknown, ClerkObject[]>()
  const byId = new Map<string, ClerkObject>()
  const changed = new Map<number, ClerkObject>()
  const deleted = new Set<number>()
  const placesOfDeleted = new Map<string, OrderKey>()

  function listsWith(object: ClerkObject): ClerkObject[][] {
    const ids = groupFields.map((field) => object[field]).filter((id) => id !== undefined)
    for (const id of ids) if (!groups.has(id)) groups.set(id, [])
    return [kept, ...ids.map((id) => groups.get(id) ?? [])]
  }

  function resolve(ref: Ref): ClerkObject {
    if (typeof ref !== 'number') return ref
    const object = changed.get(ref) ?? generated?.build(ref)
    if (object === undefined) throw new RangeError(`there is no generated object ${ref}`)
    return object
  }

  /** The index of a generated object that is still there. */
  function indexOf(id: string): number | undefined {
    const index = generated?.indexOf(id)
    return index === undefined || deleted.has(index) ? undefined : index
  }

  /** Finds an object by an id that may come from another object's fields. */
  function find(id: unknown): ClerkObject | undefined {
    if (typeof id !== 'string') return undefined
    const index = indexOf(id)
    return index === undefined ? byId.get(id) : resolve(index)
  }

  function get(id: unknown): ClerkObject {
    const object = find(id)
    if (object === undefined) throw new Error(`there is no ${JSON.stringify(id)} in this world`)
    return object
  }

  function add(object: ClerkObject): void {
    if (find(object.id)) throw new Error(`there is a ${object.id} in this world already`)
    byId.set(object.id, object)
    for (const list of listsWith(object)) list.splice(placeOf(list, object), 0, object)
  }

  function replace(object: ClerkObject): void {
    const index = indexOf(object.id)
    if (index === undefined) {
      for (const list of listsWith(get(object.id))) list[placeOf(list, object)] = object
      byId.set(object.id, object)
    } else {
      changed.set(index, object)
    }
  }

  function remove(id: string): void {
    const object = get(id)
    const index = indexOf(id)
    if (index === undefined) {
      for (const list of listsWith(object)) list.splice(placeOf(list, object), 1)
      byId.delete(id)
      placesOfDeleted.set(id, { created_at: object.created_at, id })
    } else {
      changed.delete(index)
      deleted.add(index)
    }
  }

  /** Where an object stands or, if it was deleted, stood in the order. */
  function placeById(id: string): OrderKey | undefined {
    const index = generated?.indexOf(id)
    if (generated && index !== undefined) return { created_at: generated.createdAt(index), id }
    const object = byId.get(id)
    return object ? { created_at: object.created_at, id } : placesOfDeleted.get(id)
  }

  return {
    find,
    get,
    add,
    replace,
    remove,
    placeById,
    indexOf,
    resolve,
    walk: (options: Walk = {}) => {
      const inGroup = options.group === undefined ? kept : (groups.get(options.group) ?? [])
      return walkInOrder({ kept: inGroup, generated, deleted }, options)
    },
    size: () => (generated?.count ?? 0) - deleted.size + kept.length,
  }
}
