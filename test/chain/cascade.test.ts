import { everything, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventType } from '@clerk-sync/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

type Event = ReturnType<typeof buildSample>

const kept = selectKept(everything)

let chain: Chain
let ingest: RunningIngest
beforeAll(async () => {
  chain = await createChain('redis')
  ingest = await chain.startIngest({ kept })
  await chain.startWorker({ kept })
})
afterAll(() => chain.close())

/** Sends all at once and returns their outcomes. */
async function tell(...events: Event[]): Promise<string[]> {
  return outcomesOf(chain, await Promise.all(events.map((event) => ingest.send(event))))
}

const suffixOf = (type: EventType) => String(buildSample(type).data['id']).replace(/^[a-z]+_/, '')

/** An event about the entity with this id, with these fields. */
function about(type: EventType, id: string, fields: object = {}, now?: number): Event {
  const event = buildSample(type, now === undefined ? { id } : { id, now })
  return { ...event, data: { ...event.data, ...fields } }
}

const members = (organizationId: string, userId: string) => ({
  organization: { id: organizationId },
  public_user_data: { user_id: userId },
})

/** Which of these ids have a row, by table. */
async function living() {
  const prisma = prismaOf(chain.db)
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id)
  const all = await Promise.all([
    prisma.user.findMany(),
    prisma.organization.findMany(),
    prisma.organizationMembership.findMany(),
    prisma.organizationInvitation.findMany(),
    prisma.organizationDomain.findMany(),
    prisma.session.findMany(),
    prisma.emailAddress.findMany(),
    prisma.phoneNumber.findMany(),
  ])
  return new Set(all.flatMap((rows) => idsOf(rows)))
}

const tombstonesOf = async (ids: string[]) => {
  const rows = await prismaOf(chain.db).tombstone.findMany({ where: { id: { in: ids } } })
  return Object.fromEntries(rows.map(({ id, deleted_at }) => [id, deleted_at]))
}

describe('when an organization is deleted', () => {
  const suffix = suffixOf('organization.created')
  const [target, other] = [`org_${suffix}`, `org_other${suffix}`]
  const ownedIds = [`orgmem_${suffix}`, `orgmem_b${suffix}`, `orginv_${suffix}`, `orgdmn_${suffix}`]
  const others = [`orgmem_o${suffix}`, `orginv_o${suffix}`, `orgdmn_o${suffix}`]
  const users = [`user_${suffix}`, `user_b${suffix}`]
  const createdWith = (organizationId: string, [membership, invitation, domain]: string[]) => [
    about('organization.created', organizationId),
    about(
      'organizationMembership.created',
      String(membership),
      members(organizationId, `user_${suffix}`),
    ),
    about('organizationInvitation.created', String(invitation), {
      organization_id: organizationId,
    }),
    about('organizationDomain.created', String(domain), { organization_id: organizationId }),
  ]
  const deleted = about('organization.deleted', target)
  let told: string[]
  let before: Set<string>

  beforeAll(async () => {
    const [first = '', second = '', ...rest] = ownedIds
    told = await tell(
      ...users.map((id) => about('user.created', id)),
      ...createdWith(target, [first, ...rest]),
      about('organizationMembership.created', second, members(target, `user_b${suffix}`)),
      ...createdWith(other, others),
    )
    before = await living()
    told.push(...(await tell(deleted)))
  })

  test('the organization and its owned rows existed', () => {
    expect(told.pop()).toBe('deleted')
    expect(new Set(told)).toEqual(new Set(['applied']))
    for (const id of [target, other, ...ownedIds, ...others]) expect(before).toContain(id)
  })

  test('its memberships, invitations and domains are deleted, and no others', async () => {
    const rows = await living()
    for (const id of [target, ...ownedIds]) expect(rows).not.toContain(id)
    for (const id of [other, ...others, ...users]) expect(rows).toContain(id)
  })

  test('each has a tombstone; only that of the organization has a time', async () => {
    expect(await tombstonesOf([target, ...ownedIds])).toEqual({
      [target]: new Date(deleted.timestamp),
      ...Object.fromEntries(ownedIds.map((id) => [id, null])),
    })
    expect(await tombstonesOf([other, ...others, ...users])).toEqual({})
  })

  test('late events of deleted rows are stale, also those that do not name the organization', async () => {
    const now = Date.now() + 60_000
    const [membership = '', , invitation = '', domain = ''] = ownedIds
    expect(
      await tell(
        about('organization.updated', target, {}, now),
        about('organizationMembership.updated', membership, members(target, `user_${suffix}`), now),
        about('organizationMembership.updated', membership, members(other, `user_${suffix}`), now),
        about('organizationInvitation.revoked', invitation, { organization_id: null }, now),
        about('organizationDomain.updated', domain, { organization_id: target }, now),
      ),
    ).toEqual(['stale', 'stale', 'stale', 'stale', 'stale'])
    const rows = await living()
    for (const id of [target, ...ownedIds]) expect(rows).not.toContain(id)
  })

  test('a late deletion event of an owned row sets the time of its tombstone', async () => {
    const domain = ownedIds[3] ?? ''
    const late = about('organizationDomain.deleted', domain)
    expect(await tell(late)).toEqual(['stale'])
    expect(await tombstonesOf([domain])).toEqual({ [domain]: new Date(late.timestamp) })
  })

  test('unknown rows of the deleted organization are not written and get a tombstone', async () => {
    const unknown = [`orgmem_new${suffix}`, `orginv_new${suffix}`, `orgdmn_new${suffix}`]
    const [, ...events] = createdWith(target, unknown)
    expect(await tell(...events)).toEqual(['stale', 'stale', 'stale'])
    const rows = await living()
    for (const id of unknown) expect(rows).not.toContain(id)
    expect(Object.keys(await tombstonesOf(unknown)).toSorted()).toEqual(unknown.toSorted())
  })

  test('the ledger knows the organization of each event', async () => {
    const where = { organization_id: target, outcome: 'applied' }
    const entries = await prismaOf(chain.db).webhookEvent.findMany({ where })
    expect(new Set(entries.map(({ entity_id }) => entity_id))).toEqual(
      new Set([target, ...ownedIds]),
    )
  })
})

describe('when a user is deleted', () => {
  const suffix = suffixOf('user.created')
  const [target, other] = [`user_${suffix}`, `user_other${suffix}`]
  const organization = `org_${suffix}`
  const addresses = (id: string) => ({
    email_addresses: [{ id: `idn_${id}`, email_address: 'moving@example.com', verification: null }],
    phone_numbers: [{ id: `idn_p${id}`, phone_number: '+12025550107', verification: null }],
  })
  const accepted = (userId: string) => ({ organization_id: organization, user_id: userId })
  const createdWith = (userId: string, letter: string) => [
    about('user.created', userId, addresses(userId)),
    about('session.created', `sess_${letter}${suffix}`, { user_id: userId }),
    about('session.created', `sess_2${letter}${suffix}`, { user_id: userId }),
    about(
      'organizationMembership.created',
      `orgmem_${letter}${suffix}`,
      members(organization, userId),
    ),
    about('organizationInvitation.accepted', `orginv_${letter}${suffix}`, accepted(userId)),
  ]
  const ownedBy = (letter: string) =>
    [`sess_${letter}`, `sess_2${letter}`, `orgmem_${letter}`, `orginv_${letter}`].map(
      (id) => `${id}${suffix}`,
    )
  const childrenOf = (id: string) => [`idn_${id}`, `idn_p${id}`]
  const deleted = about('user.deleted', target)
  let told: string[]
  let before: Set<string>

  beforeAll(async () => {
    const created = about('organization.created', organization, { created_by: target })
    told = await tell(created, ...createdWith(target, 'g'), ...createdWith(other, 'o'))
    before = await living()
    told.push(...(await tell(deleted)))
  })

  test('the user and their owned rows existed', () => {
    expect(told.pop()).toBe('deleted')
    expect(new Set(told)).toEqual(new Set(['applied']))
    for (const id of [target, ...ownedBy('g'), ...childrenOf(target)]) expect(before).toContain(id)
  })

  test('the memberships, sessions, accepted invitations and addresses are deleted, and no others', async () => {
    const rows = await living()
    for (const id of [target, ...ownedBy('g'), ...childrenOf(target)]) {
      expect(rows).not.toContain(id)
    }
    for (const id of [organization, other, ...ownedBy('o'), ...childrenOf(other)]) {
      expect(rows).toContain(id)
    }
  })

  test('each has a tombstone; only that of the user has a time', async () => {
    expect(await tombstonesOf([target, ...ownedBy('g')])).toEqual({
      [target]: new Date(deleted.timestamp),
      ...Object.fromEntries(ownedBy('g').map((id) => [id, null])),
    })
    expect(await tombstonesOf([organization, other, ...ownedBy('o')])).toEqual({})
  })

  test('late events are stale, of known and of unknown rows', async () => {
    const now = Date.now() + 60_000
    const [known = '', , membership = '', invitation = ''] = ownedBy('g')
    expect(
      await tell(
        about('user.updated', target, addresses(target), now),
        about('session.ended', known, { user_id: target }, now),
        about('session.created', `sess_new${suffix}`, { user_id: target }, now),
        about('organizationMembership.updated', membership, members(organization, target), now),
        about(
          'organizationMembership.created',
          `orgmem_new${suffix}`,
          members(organization, target),
          now,
        ),
        about('organizationInvitation.created', invitation, { organization_id: organization }),
        about('user.deleted', target, {}, now),
      ),
    ).toEqual(['stale', 'stale', 'stale', 'stale', 'stale', 'stale', 'stale'])
    const rows = await living()
    const unknown = [`sess_new${suffix}`, `orgmem_new${suffix}`]
    for (const id of [target, ...ownedBy('g'), ...childrenOf(target), ...unknown]) {
      expect(rows).not.toContain(id)
    }
    // Of two deletions the earlier one counts.
    expect((await tombstonesOf([target]))[target]).toEqual(new Date(deleted.timestamp))
    expect(await tombstonesOf(unknown)).toEqual(Object.fromEntries(unknown.map((id) => [id, null])))
  })
})
