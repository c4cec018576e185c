import { buildSample } from '@clerk-sync/events/samples'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { backends, createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

type Event = ReturnType<typeof buildSample>

describe.each(backends)('on %s', (backend) => {
  let chain: Chain
  let ingest: RunningIngest
  beforeAll(async () => {
    chain = await createChain(backend)
    ingest = await chain.startIngest()
    await chain.startWorker()
  })
  afterAll(() => chain.close())

  /** Sends one after the other, each applied before the next is sent. */
  async function inTurn(events: Event[], svixIds: string[] = []): Promise<string[]> {
    const outcomes: string[] = []
    for (const [index, event] of events.entries()) {
      const svixId = svixIds[index]
      const sent = await ingest.send(event, svixId === undefined ? {} : { svixId })
      outcomes.push(...(await outcomesOf(chain, [sent])))
    }
    return outcomes
  }

  const user = (id: string) => prismaOf(chain.db).user.findUnique({ where: { id } })

  function createdAndUpdated(): { id: string; created: Event; updated: Event } {
    const created = buildSample('user.created')
    const id = String(created.data['id'])
    return {
      id,
      created,
      updated: buildSample('user.updated', { id, now: created.timestamp + 1000 }),
    }
  }

  test('an update that arrives before the create stays', async () => {
    const { id, created, updated } = createdAndUpdated()
    expect(await inTurn([updated, created])).toEqual(['applied', 'stale'])
    expect((await user(id))?.last_name).toBe(updated.data['last_name'])
  })

  test('a create that arrives after the delete stays out', async () => {
    const { id, created, updated } = createdAndUpdated()
    const deleted = buildSample('user.deleted', { id })
    expect(await inTurn([deleted, created, updated])).toEqual(['deleted', 'stale', 'stale'])
    expect(await user(id)).toBeNull()
  })

  test('an update that arrives after the delete does not bring the user back', async () => {
    const { id, created, updated } = createdAndUpdated()
    const deleted = buildSample('user.deleted', { id })
    expect(await inTurn([created, deleted, updated])).toEqual(['applied', 'deleted', 'stale'])
    expect(await user(id)).toBeNull()
  })

  test.each([
    ['first to last', [0, 1]],
    ['last to first', [1, 0]],
  ])('of two updates with one updated_at the later event wins, sent %s', async (_, order) => {
    const first = buildSample('user.updated')
    const id = String(first.data['id'])
    const second = {
      ...first,
      timestamp: first.timestamp + 1,
      data: { ...first.data, first_name: 'Second' },
    }
    await inTurn(order.map((index) => [first, second][index] as Event))
    expect((await user(id))?.first_name).toBe('Second')
  })

  test.each([
    ['first to last', [0, 1]],
    ['last to first', [1, 0]],
  ])('of two updates of one moment the greater svix-id wins, sent %s', async (_, order) => {
    const lower = buildSample('user.updated')
    const id = String(lower.data['id'])
    const greater = { ...lower, data: { ...lower.data, first_name: 'Greater' } }
    const svixIds = [`msg_a${id}`, `msg_b${id}`]
    await inTurn(
      order.map((index) => [lower, greater][index] as Event),
      order.map((index) => svixIds[index] as string),
    )
    expect((await user(id))?.first_name).toBe('Greater')
  })

  test('a membership that arrives first joins its organization and user once they are there', async () => {
    const membership = buildSample('organizationMembership.created')
    const data = membership.data as Record<string, Record<string, string>>
    const organizationId = data['organization']?.['id'] ?? ''
    const userId = data['public_user_data']?.['user_id'] ?? ''
    expect(
      await inTurn([
        membership,
        buildSample('organization.created', { id: organizationId }),
        buildSample('user.created', { id: userId }),
      ]),
    ).toEqual(['applied', 'applied', 'applied'])
    const joined = await chain.db.query(
      `SELECT u.id AS user_id, o.id AS organization_id
      FROM clerk.organization_memberships m
      JOIN clerk.users u ON u.id = m.user_id
      JOIN clerk.organizations o ON o.id = m.organization_id
      WHERE m.id = $1`,
      membership.data['id'],
    )
    expect(joined).toEqual([{ user_id: userId, organization_id: organizationId }])
  })

  test('a re-join outlives the late delete of the old membership, whose updated_at is older', async () => {
    const old = buildSample('organizationMembership.created')
    const rejoin = buildSample('organizationMembership.created', { now: old.timestamp + 60_000 })
    const place = {
      organization: old.data['organization'],
      public_user_data: old.data['public_user_data'],
    }
    const rejoined = { ...rejoin, data: { ...rejoin.data, ...place } }
    const deleted = buildSample('organizationMembership.deleted', { id: String(old.data['id']) })
    expect(await inTurn([old, rejoined, deleted])).toEqual(['applied', 'applied', 'stale'])

    const { user_id } = old.data['public_user_data'] as { user_id: string }
    const rows = await prismaOf(chain.db).organizationMembership.findMany({ where: { user_id } })
    expect(rows.map((row) => row.id)).toEqual([rejoin.data['id']])
  })

  test('a membership delete wins although it does not bump updated_at', async () => {
    const created = buildSample('organizationMembership.created')
    const deleted = {
      ...created,
      type: 'organizationMembership.deleted',
      timestamp: created.timestamp + 5,
    }
    const id = String(created.data['id'])
    expect(await inTurn([created, deleted as Event])).toEqual(['applied', 'deleted'])
    expect(await prismaOf(chain.db).organizationMembership.findUnique({ where: { id } })).toBeNull()
  })

  test('an address moves between two users whichever event comes first', async () => {
    const [giver, taker] = [buildSample('user.updated'), buildSample('user.updated')]
    const address = {
      id: `idn_${String(giver.data['id'])}`,
      email_address: 'moving@example.com',
      verification: null,
    }
    const holds = (event: Event, later: number, list: object[]) => ({
      ...event,
      timestamp: event.timestamp + later,
      data: { ...event.data, updated_at: event.timestamp + later, email_addresses: list },
    })
    await inTurn([holds(giver, 0, [address]), holds(taker, 2, [address]), holds(giver, 1, [])])
    const rows = await prismaOf(chain.db).emailAddress.findMany({ where: { id: address.id } })
    expect(rows.map((row) => row.user_id)).toEqual([taker.data['id']])
  })
})
