import { expect, test } from 'vitest'
import { noon, upsert } from '../test/build-change.ts'
import type { Upsert } from '@clerk-sync/events'
import { versionOf } from './version.ts'

const day = 24 * 60 * 60_000
const farFuture = Date.UTC(9999, 0)

const version = (given: { updatedAt: number; occurredAt: number }) => {
  const { updatedAt, occurredAt } = versionOf(upsert('user_1', given))
  return [updatedAt, occurredAt]
}

test('an updated_at of up to a day after the event counts as it is', () => {
  expect(version({ updatedAt: noon, occurredAt: noon + 9 })).toEqual([noon, noon + 9])
  expect(version({ updatedAt: noon + day, occurredAt: noon })).toEqual([noon + day, noon])
})

test('a later updated_at counts as the time of the event', () => {
  expect(version({ updatedAt: noon + day + 1, occurredAt: noon })).toEqual([noon, noon])
  expect(version({ updatedAt: farFuture, occurredAt: noon })).toEqual([noon, noon])
})

test('an event of more than a day after its arrival counts as of its arrival', () => {
  const change = upsert('user_1', { updatedAt: farFuture, occurredAt: farFuture })
  const received: Upsert = { ...change, event: { ...change.event, receivedAt: noon } }
  expect(versionOf(received)).toMatchObject({ updatedAt: noon, occurredAt: noon })
})

test("of an updated_at in the future in Clerk's API the time of its creation is left", () => {
  const made = (created_at: number | undefined, updatedAt: number): Upsert => ({
    ...upsert('user_1', { updatedAt }),
    value: {
      row: created_at ? { created_at: new Date(created_at).toISOString() } : {},
      children: {},
    },
    event: undefined,
  })
  const soon = Date.now() + day - 60_000
  expect(versionOf(made(noon, soon))).toMatchObject({ updatedAt: soon })
  expect(versionOf(made(noon, farFuture))).toMatchObject({ updatedAt: noon })
  expect(versionOf(made(farFuture, farFuture))).toMatchObject({ updatedAt: 0 })
  expect(versionOf(made(undefined, farFuture))).toMatchObject({ updatedAt: 0 })
})
