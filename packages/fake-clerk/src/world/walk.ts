import type { ClerkObject } from './clerk-object.ts'
import type { Generated } from './generated.ts'
import { compareKeys, placeOf } from './order-key.ts'
import type { OrderKey } from './order-key.ts'

/** An object that is kept, or the index of one that is generated. */
export type Ref = ClerkObject | number

/** Which objects to walk over, and in which direction; the order is (created_at, id). */
export interface Walk {
  descending?: boolean
  /** Starts behind this place; the object itself may be deleted. */
  after?: OrderKey
  /** Exclusive bounds of created_at, in ms. */
  createdAfter?: number
  createdBefore?: number
  /** Of the kept objects only those that belong to this id. */
  group?: string
  /** Of the generated objects only every `step`th, counted from `first`. */
  generated?: { first: number; step: number }
}

/** What a collection consists of: sorted objects and generated ones, without those deleted. */
export interface Source {
  kept: readonly ClerkObject[]
  generated: Generated | undefined
  deleted: ReadonlySet<number>
}

/** Walks over both kinds of objects in one order; the first step costs O(log n), each next O(1). */
export function* walkInOrder(source: Source, options: Walk): Generator<Ref, void> {
  const direction = options.descending ? -1 : 1
  const indices = walkGenerated(source, options, direction)
  const objects = walkKept(source, options, direction)
  let index = indices.next()
  let object = objects.next()
  while (!index.done || !object.done) {
    if (index.done) {
      if (!object.done) yield object.value
      object = objects.next()
    } else if (object.done || compareToKept(source, index.value, object.value) * direction < 0) {
      yield index.value
      index = indices.next()
    } else {
      yield object.value
      object = objects.next()
    }
  }
}

function* walkGenerated(
  { generated, deleted }: Source,
  options: Walk,
  direction: 1 | -1,
): Generator<number, void> {
  if (generated === undefined) return
  const { createdAfter, createdBefore, after } = options
  let from = createdAfter === undefined ? 0 : generated.indexAt(createdAfter + 1)
  let end = createdBefore === undefined ? generated.count : generated.indexAt(createdBefore)
  if (after && direction === 1) from = Math.max(from, firstBehind(generated, after))
  if (after && direction === -1) end = Math.min(end, firstNotBefore(generated, after))
  const { first, step } = options.generated ?? { first: 0, step: 1 }
  const low = first + Math.max(0, Math.ceil((from - first) / step)) * step
  const high = low + Math.floor((end - 1 - low) / step) * step
  const start = direction === 1 ? low : high
  for (let index = start; index >= low && index <= high; index += direction * step) {
    if (!deleted.has(index)) yield index
  }
}

function firstNotBefore(generated: Generated, key: OrderKey): number {
  const index = generated.indexAt(key.created_at)
  return isBefore(generated, index, key) ? index + 1 : index
}

function firstBehind(generated: Generated, key: OrderKey): number {
  const index = firstNotBefore(generated, key)
  return index < generated.count && generated.idOf(index) === key.id ? index + 1 : index
}

function isBefore(generated: Generated, index: number, key: OrderKey): boolean {
  return index < generated.count && compareKeys(keyOf(generated, index), key) < 0
}

function keyOf(generated: Generated, index: number): OrderKey {
  return { created_at: generated.createdAt(index), id: generated.idOf(index) }
}

function compareToKept({ generated }: Source, index: number, object: ClerkObject): number {
  if (generated === undefined) return 1
  const difference = generated.createdAt(index) - object.created_at
  // Ids are written only for a tie: they cost more than all the rest.
  return difference === 0 ? compareKeys(keyOf(generated, index), object) : difference
}

function* walkKept(
  { kept }: Source,
  { createdAfter = -Infinity, createdBefore = Infinity, after }: Walk,
  direction: 1 | -1,
): Generator<ClerkObject, void> {
  let place = direction === 1 ? 0 : kept.length - 1
  if (after) {
    const at = placeOf(kept, after)
    place = direction === -1 ? at - 1 : kept[at]?.id === after.id ? at + 1 : at
  }
  for (; place >= 0 && place < kept.length; place += direction) {
    const object = kept[place]
    if (object && object.created_at > createdAfter && object.created_at < createdBefore) {
      yield object
    }
  }
}
