import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { describe, expect, test } from 'vitest'
import { backends, until, untilDone } from './chain.ts'
import type { Chain } from './chain.ts'
import { dumpAll, missingIn, search, textsOf } from './dump.ts'
import { lateEventsOf, liveOf, moveAddress } from './life.ts'
import { createPerson } from './person.ts'
import type { Person } from './person.ts'
import { delayOne, failOne, openScene } from './scene.ts'
import type { Scene } from './scene.ts'
import type { SentEvent } from './send.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

/** All events of two people up to the moment before one of them is deleted. */
async function tellLives(scene: Scene) {
  const [first, second] = [createPerson(), createPerson()]
  const [created, updated] = [liveOf(first), liveOf(second)]
  const opening = await scene.send(created[0] ?? [])
  await scene.send(updated[0] ?? [])
  for (const round of [created[1], updated[1]]) await scene.send(round ?? [])
  for (const round of moveAddress(first, second)) await scene.send(round)
  const failed = await failOne(scene, first)
  const delayed = await delayOne(scene, first)
  const othersFailed = await failOne(scene, second)

  const before = await dumpAll(scene.chain, scene.opened)
  expect(missingIn(before, first)).toEqual([])
  expect(missingIn(before, second)).toEqual([])
  expect(search(before, [...first.neverKept.values(), ...second.neverKept.values()])).toEqual([])
  expect(search({ ...before, database: '', redis: '' }, textsOf(first))).toEqual([])
  return { first, second, opening, failed, delayed, othersFailed }
}

/** Sends the deletion of a person, then duplicates and late events. */
async function cascadeDelete(
  scene: Scene,
  person: Person,
  again: readonly SentEvent[],
): Promise<void> {
  await scene.send([person.build('user.deleted', { id: person.userId })])
  const [event] = liveOf(person)[0] ?? []
  for (const { svixId } of again) await scene.ingest.send(event, { svixId })
  for (const round of lateEventsOf(person)) await scene.send(round)
}

describe.each(backends)('on %s', (backend) => {
  test.each(['erase', 'anonymize'] as const)(
    '%s leaves nothing of a deleted user in the database, the queue or the log',
    async (policy) => {
      const scene = await openScene(backend, policy)
      const { chain, opened } = scene
      const { first, second, opening, failed, delayed, othersFailed } = await tellLives(scene)
      await cascadeDelete(scene, first, opening.slice(0, 1))
      await untilDone(opened, [failed, delayed, ...opening])
      await until(async () => {
        const counts = await bullQueueOf(opened).getJobCounts()
        const all = Object.values(counts).reduce((sum, count) => sum + count, 0)
        return all === 1 ? true : undefined
      })
      expect(await bullQueueOf(opened).getJobState(othersFailed.svixId)).toBe('failed')

      const after = await dumpAll(chain, opened)
      expect(search(after, textsOf(first))).toEqual([])
      expect(missingIn(after, second)).toEqual([])

      expect(await statesOf(chain, first)).toEqual(
        policy === 'erase' ? { erased: 4 } : { deleted: 4 },
      )
      await expectLedgerToKnow(chain, first)
    },
    60_000,
  )

  test('retain keeps all of a deleted user, marked as deleted', async () => {
    const scene = await openScene(backend, 'retain')
    const { chain, opened } = scene
    const { first, second, failed, delayed } = await tellLives(scene)
    await cascadeDelete(scene, first, [])

    const after = await dumpAll(chain, opened)
    expect(missingIn(after, first)).toEqual([])
    expect(missingIn(after, second)).toEqual([])
    expect(await bullQueueOf(opened).getJobState(failed.svixId)).toBe('failed')
    expect(await bullQueueOf(opened).getJobState(delayed.svixId)).toBe('delayed')
    expect(await statesOf(chain, first)).toEqual({ deleted: 4 })
    await expectLedgerToKnow(chain, first)
  }, 60_000)
})

/** In how many tables the rows of a person are erased, marked as deleted, or alive. */
async function statesOf({ db }: Chain, { userId }: Person): Promise<Record<string, number>> {
  const where = { user_id: userId }
  const tables = await Promise.all([
    prismaOf(db).user.findMany({ where: { id: userId } }),
    prismaOf(db).session.findMany({ where }),
    prismaOf(db).organizationMembership.findMany({ where }),
    prismaOf(db).organizationInvitation.findMany({ where }),
  ])
  const states = tables.map((rows) => {
    if (rows.length === 0) return 'erased'
    return rows.every(({ deleted_at }) => deleted_at !== null) ? 'deleted' : 'alive'
  })
  return Object.fromEntries(
    [...Map.groupBy(states, String)].map(([state, of]) => [state, of.length]),
  )
}

/** The ledger keeps the user id of every event, whatever the policy. */
async function expectLedgerToKnow(chain: Chain, { userId }: Person): Promise<void> {
  const entries = await prismaOf(chain.db).webhookEvent.findMany({ where: { user_id: userId } })
  const types = new Set(entries.map(({ type }) => type))
  expect([...types].toSorted()).toEqual([
    'email.created',
    'organizationInvitation.accepted',
    'organizationMembership.created',
    'organizationMembership.deleted',
    'organizationMembership.updated',
    'paymentAttempt.created',
    'paymentAttempt.updated',
    'session.created',
    'session.ended',
    'sms.created',
    'subscription.created',
    'subscription.updated',
    'subscriptionItem.created',
    'user.created',
    'user.deleted',
    'user.updated',
  ])
  const updated = entries.filter(({ type }) => type === 'user.updated')
  expect(updated.some(({ changed_columns }) => changed_columns.includes('first_name'))).toBe(true)
}
