import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { backends, untilEmpty } from './chain.ts'
import { dumpAll, missingIn, search, textsOf } from './dump.ts'
import { lateEventsOf, liveOf } from './life.ts'
import { createPerson } from './person.ts'
import type { Person, PersonEvent } from './person.ts'
import { openScene } from './scene.ts'

const runs = Number(process.env['ERASURE_RUNS'] ?? 3)

// Two who share the work, in batches so small that one person's events are in many.
const workers = [{ batchSize: 4 }, { batchSize: 4 }]

/** All that is ever told of a person, their deletion and what can't be read included. */
function everythingOf(person: Person): PersonEvent[] {
  const { build, userId, text, id } = person
  return [
    ...liveOf(person).flat(),
    ...lateEventsOf(person).flat(),
    build('user.deleted', { id: userId }),
    build('user.updated', { id: userId, data: { first_name: [text('unreadable')] } }),
    build('session.ended', { id: id('sess'), data: { status: [text('unreadable')] } }),
    build('organizationMembership.created', {
      id: id('orgmem'),
      data: { organization: null, public_metadata: { desk: text('unreadable') } },
    }),
  ]
}

test.each(
  backends.flatMap((backend) => [[backend, 'erase'] as const, [backend, 'anonymize'] as const]),
)(
  'on %s with %s nothing of a deleted user is left, in whatever order the events arrive',
  async (backend, policy) => {
    const { chain, ingest, opened, send } = await openScene(backend, policy, workers)
    const stays = createPerson()
    for (const round of liveOf(stays)) await send(round)
    const count = everythingOf(createPerson()).length

    async function leavesNothing(order: number[]): Promise<void> {
      const first = createPerson()
      const events = everythingOf(first)
      const shuffled = order.flatMap((index) => events[index] ?? [])
      await Promise.all(shuffled.map((event) => ingest.send(event)))
      await untilEmpty(opened)
      expect(search(await dumpAll(chain, opened), textsOf(first))).toEqual([])
    }

    const indexes = Array.from({ length: count }, (_, index) => index)
    const orders = fc.shuffledSubarray(indexes, { minLength: count })
    await fc.assert(fc.asyncProperty(orders, leavesNothing), { numRuns: runs, endOnFailure: true })
    expect(missingIn(await dumpAll(chain, opened), stays)).toEqual([])
  },
  60_000 + runs * 10_000,
)
