import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deliver } from './converge/deliver.ts'
import { history } from './converge/history.ts'
import { expectedTables } from './converge/model/expected-tables.ts'
import { check, seeds, timeLimitMs } from './converge/runs.ts'
import { readTables } from './converge/snapshot.ts'
import { eventsOf } from './converge/world/events-of.ts'
import { useTables } from './tables.ts'

const mostSteps = 30

const tables = await useTables()

describe.each(seeds)('with seed %i', (seed) => {
  test(
    'any order, duplicates, batches, writers and crashes of writers end in the tables of the model',
    async () => {
      await check(seed, history(mostSteps), async (given) => {
        const events = eventsOf(given, randomBytes(8).toString('hex'))
        const writers = tables.writers.slice(0, given.writers)
        await deliver(writers, events, { deletionPolicy: given.policy, auditValues: true })

        const ids = [...new Set(events.map(({ id }) => id))]
        const svixIds = events.map(({ svixId }) => svixId)
        const found = await readTables(tables.writers[0], ids, svixIds)
        expect(found).toEqual(expectedTables(events, given.policy))
      })
    },
    timeLimitMs,
  )

  test('where nothing ties, the model ends with what Clerk said last of each thing', () => {
    fc.assert(
      fc.property(history(mostSteps), (given) => {
        const steps = given.steps.map((step) => ({
          ...step,
          tick: step.tick + 10,
          sendings: step.sendings.map((sending) => ({
            ...sending,
            hasTimestamp: true,
            delay: 0,
            svix: 0,
          })),
        }))
        const events = eventsOf({ ...given, steps }, 'run')
        const last = new Map(
          events
            .filter(({ type }) => !/^email\.|\.deleted$/.test(type))
            .map(({ id, svixId }) => [id, svixId]),
        )
        const { webhook_events: _, ...rows } = expectedTables(events, 'retain')
        const kept = Object.values(rows).flatMap((some) => some.map((row) => row['event_id']))
        expect(new Set(kept.filter(Boolean))).toEqual(new Set(last.values()))
      }),
      { seed },
    )
  })
})
