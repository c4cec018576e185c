import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { walk } from '../src/index.ts'
import type { Position } from '../src/index.ts'
import { apiOf } from './open-api.ts'
import { collectionOf } from './walked.ts'
import type { ListPath } from './walked.ts'

const timeout = 180_000
const numRuns = 40
// Three pages and a bit.
const count = 1_601
const moment = Date.UTC(2025, 0, 1)

interface Deletion {
  /** Where it begins, as a share of the list. */
  readonly from: number
  readonly count: number
}

interface Story {
  /** What happens before each request is answered; nothing behind the last. */
  readonly changes: readonly {
    readonly deletions: readonly Deletion[]
    readonly creations: number
  }[]
  /** After which pages the walk is stopped and goes on anew from where it stood. */
  readonly stops: readonly boolean[]
  /** How many are created in one ms. */
  readonly ties: number
}

const deletion = fc.record({
  from: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1, noNaN: true })),
  count: fc.oneof(fc.nat(3), fc.integer({ min: 40, max: 60 }), fc.nat(700), fc.constant(count)),
})

const story: fc.Arbitrary<Story> = fc.record({
  changes: fc.array(
    fc.record({ deletions: fc.array(deletion, { maxLength: 3 }), creations: fc.nat(80) }),
    { maxLength: 8 },
  ),
  stops: fc.array(fc.boolean(), { maxLength: 8 }),
  ties: fc.constantFrom(1, 1, 7, 60, count),
})

async function tellOf(
  path: ListPath,
  create: (world: FakeClerk['world'], fields: { created_at: number }) => unknown,
  options: Parameters<typeof createFakeClerk>[0],
  { changes, stops, ties }: Story,
) {
  const fake = await createFakeClerk(options)
  try {
    const list = collectionOf(fake, path)
    let created = 0
    const createNext = () => {
      create(fake.world, { created_at: moment + Math.floor(created / ties) })
      created += 1
    }
    while (created < count) createNext()
    const before = list.ids()
    fake.faults.beforeAnswer(`/v1${path}`, ({ page }) => {
      const { deletions = [], creations = 0 } = changes[page - 1] ?? {}
      for (const { from, count: gone } of deletions) {
        const ids = list.ids()
        const start = Math.floor(from * ids.length)
        list.remove(ids.slice(start, start + gone))
      }
      for (let left = creations; left > 0; left -= 1) createNext()
    })
    const seen = await walkWithStops(fake, path, stops)
    const left = new Set(list.ids())
    expect(before.filter((id) => left.has(id) && !seen.has(id))).toEqual([])
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
    for await (const { items, position: behind } of walk(api, path, position)) {
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
  (deletedCursor) =>
    fc.assert(
      fc.asyncProperty(story, (told) =>
        tellOf('/users', (world, fields) => world.createUser(fields), { deletedCursor }, told),
      ),
      { numRuns: numRuns / 2 },
    ),
)

test('a walk by offset skips nothing that stays, and ends', { timeout }, () =>
  fc.assert(
    fc.asyncProperty(story, (told) =>
      tellOf('/waitlist_entries', (world, fields) => world.createWaitlistEntry(fields), {}, told),
    ),
    { numRuns },
  ),
)
