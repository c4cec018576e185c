import type { FakeClerk, FakeClerkOptions } from '@clerk-sync/fake-clerk'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { walk } from '@clerk-sync/events/backend-api'
import type { Position } from '@clerk-sync/events/backend-api'
import { apiOf } from './open-api.ts'
import { collectionOf, listAt } from './walked.ts'
import type { ListPath } from './walked.ts'

const timeout = 180_000
const numRuns = 25
// Three pages and a bit.
const count = 1_601
const moment = Date.UTC(2025, 0, 1)

type Create = (world: FakeClerk['world'], fields: { created_at: number }) => unknown

interface Deletion {
  /** Where it begins, as a share of the list. */
  readonly from: number
  readonly count: number
}

interface Change {
  /** Whether the user goes behind whom the page is asked for. */
  readonly isCursorDeleted: boolean
  readonly deletions: readonly Deletion[]
  readonly creations: number
}

interface Story {
  /** What happens before each request is answered; nothing behind the last. */
  readonly changes: readonly Change[]
  /** After which pages the walk is stopped and goes on anew from where it stood. */
  readonly stops: readonly boolean[]
  /** How many are created in one ms. */
  readonly ties: number
}

const deletion = fc.record({
  from: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  count: fc.oneof(fc.nat(3), fc.integer({ min: 40, max: 60 }), fc.nat(700), fc.constant(count)),
})

const change = fc.record({
  isCursorDeleted: fc.boolean(),
  deletions: fc.array(deletion, { maxLength: 3 }),
  creations: fc.nat(80),
})

const story: fc.Arbitrary<Story> = fc.record({
  changes: fc.array(change, { maxLength: 8 }),
  stops: fc.array(fc.boolean(), { maxLength: 8 }),
  ties: fc.constantFrom(1, 1, 7, 60, count),
})

/** The ids of those who were there from the start to the end and were not seen. */
async function missedIn(
  path: ListPath,
  create: Create,
  options: FakeClerkOptions,
  { changes, stops, ties }: Story,
) {
  const fake = await createFakeClerk(options)
  try {
    const list = collectionOf(fake, path)
    let created = 0
    const createMore = (more: number) => {
      for (let left = more; left > 0; left -= 1) {
        create(fake.world, { created_at: moment + Math.floor(created / ties) })
        created += 1
      }
    }
    createMore(count)
    const before = list.ids()
    fake.faults.beforeAnswer(`/v1${path}`, ({ page, query }) => {
      const { isCursorDeleted, deletions = [], creations = 0 } = changes[page - 1] ?? {}
      const cursor = query.get('starting_after')
      if (isCursorDeleted && cursor !== null && list.ids().includes(cursor)) list.remove([cursor])
      for (const { from, count: gone } of deletions) {
        const ids = list.ids()
        const start = Math.floor(from * ids.length)
        list.remove(ids.slice(start, start + gone))
      }
      createMore(creations)
    })
    const seen = await walkWithStops(fake, path, stops)
    const left = new Set(list.ids())
    return before.filter((id) => left.has(id) && !seen.has(id))
  } finally {
    await fake.close()
  }
}

async function walkWithStops(fake: FakeClerk, path: string, stops: readonly boolean[]) {
  const { api } = apiOf(fake)
  const seen = new Set<string>()
  let position: Position = {}
  let page = 0
  for (;;) {
    let isStopped = false
    for await (const { items, position: behind } of walk(api, listAt(path), position)) {
      for (const { id } of items) seen.add(String(id))
      position = JSON.parse(JSON.stringify(behind)) as Position
      // Without an end it would run into the test's time limit; this says why.
      expect(fake.requests.length).toBeLessThan(200)
      isStopped = stops[page] ?? false
      page += 1
      if (isStopped) break
    }
    if (!isStopped) return seen
  }
}

test.for(['refuse', 'end', 'follow'] as const)(
  'a walk through the users skips nobody who stays, and ends, when a deleted one answers "%s"',
  { timeout },
  async (deletedCursor) => {
    const create: Create = (world, fields) => world.createUser(fields)
    const skipsNobody = fc.asyncProperty(story, async (told) => {
      expect(await missedIn('/users', create, { deletedCursor }, told)).toEqual([])
    })
    await fc.assert(skipsNobody, { numRuns })
  },
)

test('a walk by offset skips nothing that stays, and ends', { timeout }, async () => {
  const create: Create = (world, fields) => world.createWaitlistEntry(fields)
  const skipsNothing = fc.asyncProperty(story, async (told) => {
    expect(await missedIn('/waitlist_entries', create, {}, told)).toEqual([])
  })
  await fc.assert(skipsNothing, { numRuns: 2 * numRuns })
})
