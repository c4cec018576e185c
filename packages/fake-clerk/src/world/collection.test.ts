import { describe, expect, test } from 'vitest'
import { createRandom } from '../faults/random.ts'
import type { ClerkObject } from './clerk-object.ts'
import { createCollection } from './collection.ts'
import { buildGenerated } from './generated.ts'
import { compareKeys } from './order-key.ts'
import type { Walk } from './walk.ts'

const build = (id: string, createdAt: number): ClerkObject => ({
  object: 'thing',
  id,
  created_at: createdAt,
  updated_at: createdAt,
})

const generated = buildGenerated('thing', 10, (_index, id, createdAt) => build(id, createdAt))

function idsIn(collection: ReturnType<typeof createCollection>, walk?: Walk): string[] {
  return [...collection.walk(walk)].map((ref) => collection.resolve(ref).id)
}

/** Ten generated objects, others between, beside and behind them, and two gaps. */
function createMixed() {
  const collection = createCollection(generated)
  const between = generated.createdAt(4)
  collection.add(build('thing_z', between + 5))
  collection.add(build('thing_a', between + 5))
  // Created in the same ms as a generated one, with an id before and one behind its id.
  collection.add(build('thing_', between))
  collection.add(build('thing_~', between))
  collection.add(build('thing_late', generated.createdAt(9) + 100_000))
  collection.remove(generated.idOf(2))
  collection.remove(generated.idOf(7))
  return collection
}

describe('a walk', () => {
  const numbered = (...indices: number[]) => indices.map((index) => generated.idOf(index))
  const all = [
    ...numbered(0, 1, 3),
    'thing_',
    ...numbered(4),
    'thing_~',
    'thing_a',
    'thing_z',
    ...numbered(5, 6, 8, 9),
    'thing_late',
  ]

  test('goes by time of creation, then by id, in both directions', () => {
    const collection = createMixed()
    expect(idsIn(collection)).toEqual(all)
    expect(idsIn(collection, { descending: true })).toEqual(all.toReversed())
    expect(collection.size()).toBe(all.length)
  })

  test('goes on behind any object, in both directions', () => {
    const collection = createMixed()
    for (const [index, id] of all.entries()) {
      const after = collection.placeById(id)
      if (!after) throw new Error(`${id} has no place`)
      expect(idsIn(collection, { after })).toEqual(all.slice(index + 1))
      expect(idsIn(collection, { after, descending: true })).toEqual(
        all.slice(0, index).toReversed(),
      )
    }
  })

  test('goes on where a deleted object stood', () => {
    const collection = createMixed()
    collection.remove('thing_a')
    for (const [id, next] of [
      ['thing_a', 'thing_z'],
      [generated.idOf(7), generated.idOf(8)],
    ] as const) {
      const after = collection.placeById(id)
      expect(idsIn(collection, after ? { after } : {})[0]).toBe(next)
    }
  })

  test('keeps to exclusive bounds of time', () => {
    const bounds = { createdAfter: generated.createdAt(4), createdBefore: generated.createdAt(6) }
    expect(idsIn(createMixed(), bounds)).toEqual(['thing_a', 'thing_z', ...numbered(5)])
  })

  test('takes every nth generated object only, in both directions', () => {
    const collection = createCollection(generated)
    const every = { generated: { first: 1, step: 4 } }
    expect(idsIn(collection, every)).toEqual(numbered(1, 5, 9))
    expect(idsIn(collection, { ...every, descending: true })).toEqual(numbered(9, 5, 1))
    const once = { generated: { first: 3, step: Number.MAX_SAFE_INTEGER } }
    expect(idsIn(collection, once)).toEqual(numbered(3))
    expect(idsIn(collection, { generated: { first: 99, step: 1 } })).toEqual([])
  })
})

test('whatever comes and goes, a walk is what sorting everything would give', () => {
  const random = createRandom(11)
  const below = (limit: number) => Math.floor(random() * limit)
  const collection = createCollection(generated, ['owner'])
  const all = new Map(
    Array.from({ length: 10 }, (_, index) => {
      const object = build(generated.idOf(index), generated.createdAt(index))
      return [object.id, object]
    }),
  )
  for (let turn = 0; turn < 300; turn += 1) {
    const someone = [...all.keys()][below(all.size)]
    if (someone !== undefined && random() < 0.45) {
      collection.remove(someone)
      all.delete(someone)
    } else {
      const createdAt = generated.createdAt(below(10)) + below(3)
      const object = { ...build(`thing_${turn}`, createdAt), owner: `owner_${below(3)}` }
      collection.add(object)
      all.set(object.id, object)
    }
    const sorted = [...all.values()].toSorted(compareKeys)
    const ids = sorted.map(({ id }) => id)
    expect(idsIn(collection)).toEqual(ids)
    expect(collection.size()).toBe(ids.length)
    const from = sorted[below(sorted.length)]
    if (from === undefined) continue
    const place = ids.indexOf(from.id)
    expect(idsIn(collection, { after: from })).toEqual(ids.slice(place + 1))
    expect(idsIn(collection, { after: from, descending: true })).toEqual(
      ids.slice(0, place).toReversed(),
    )
    const nothingGenerated = { first: 99, step: 1 }
    expect(idsIn(collection, { group: 'owner_1', generated: nothingGenerated })).toEqual(
      sorted.filter((object) => object['owner'] === 'owner_1').map(({ id }) => id),
    )
  }
})

test('a generated object can be changed and deleted like any other', () => {
  const collection = createCollection(generated)
  const id = generated.idOf(3)
  collection.replace({ ...collection.get(id), name: 'changed' })
  expect(collection.get(id)).toMatchObject({ id, name: 'changed' })
  collection.remove(id)
  expect(collection.find(id)).toBeUndefined()
  expect(() => collection.remove(id)).toThrow('there is no')
  expect(() => collection.replace(build(id, 1))).toThrow('there is no')
})

test('an id exists once', () => {
  const collection = createCollection(generated)
  expect(() => collection.add(build(generated.idOf(1), 1))).toThrow('already')
})

test('a million generated objects have their own ids and times', () => {
  const million = buildGenerated('user', 1_000_000, (_index, id, createdAt) => build(id, createdAt))
  for (const index of [0, 1, 499_999, 999_999]) {
    expect(million.indexOf(million.idOf(index))).toBe(index)
    expect(million.indexAt(million.createdAt(index))).toBe(index)
    expect(million.indexAt(million.createdAt(index) + 1)).toBe(index + 1)
  }
  expect(million.createdAt(999_999)).toBeLessThan(Date.UTC(2026, 0, 1))
  expect(() => buildGenerated('user', -1, () => build('', 1))).toThrow(RangeError)
})
