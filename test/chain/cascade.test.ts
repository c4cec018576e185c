import { everything, selectKept } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import type { EventType } from '@clerk-sync/events'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createChain, outcomesOf } from './chain.ts'
import type { Chain, RunningIngest } from './chain.ts'

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

/** An event about the thing with this id, with fields of its own. */
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
  const { prisma } = chain.db
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
  const rows = await chain.db.prisma.tombstone.findMany({ where: { id: { in: ids } } })
  return Object.fromEntries(rows.map(({ id, deleted_at }) => [id, deleted_at]))
}

describe('when an organization is deleted', () => {
  const suffix = suffixOf('organization.created')
  const [gone, other] = [`org_${suffix}`, `org_other${suffix}`]
  const belongings = [
    `orgmem_${suffix}`,
    `orgmem_b${suffix}`,
    `orginv_${suffix}`,
    `orgdmn_${suffix}`,
  ]
  const others = [`orgmem_o${suffix}`, `orginv_o${suffix}`, `orgdmn_o${suffix}`]
  const users = [`user_${suffix}`, `user_b${suffix}`]
  const belong = (organizationId: string, [membership, invitation, domain]: string[]) => [
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
  const deleted = about('organization.deleted', gone)
  let told: string[]
  let before: Set<string>

  beforeAll(async () => {
    const [first = '', second = '', ...rest] = belongings
    told = await tell(
      ...users.map((id) => about('user.created', id)),
      ...belong(gone, [first, ...rest]),
      about('organizationMembership.created', second, members(gone, `user_b${suffix}`)),
      ...belong(other, others),
    )
    before = await living()
    told.push(...(await tell(deleted)))
  })

  test('it and what belongs to it had been there', () => {
    expect(told.pop()).toBe('deleted')
    expect(new Set(told)).toEqual(new Set(['applied']))
    for (const id of [gone, other, ...belongings, ...others]) expect(before).toContain(id)
  })

  test('its memberships, invitations and domains go, and no others', async () => {
    const rows = await living()
    for (const id of [gone, ...belongings]) expect(rows).not.toContain(id)
    for (const id of [other, ...others, ...users]) expect(rows).toContain(id)
  })

  test('each has a tombstone; only its own says when', async () => {
    expect(await tombstonesOf([gone, ...belongings])).toEqual({
      [gone]: new Date(deleted.timestamp),
      ...Object.fromEntries(belongings.map((id) => [id, null])),
    })
    expect(await tombstonesOf([other, ...others, ...users])).toEqual({})
  })

  test('late events of what went stay out, also those that do not name the organization', async () => {
    const now = Date.now() + 60_000
    const [membership = '', , invitation = '', domain = ''] = belongings
    expect(
      await tell(
        about('organization.updated', gone, {}, now),
        about('organizationMembership.updated', membership, members(gone, `user_${suffix}`), now),
        about('organizationMembership.updated', membership, members(other, `user_${suffix}`), now),
        about('organizationInvitation.revoked', invitation, { organization_id: null }, now),
        about('organizationDomain.updated', domain, { organization_id: gone }, now),
      ),
    ).toEqual(['stale', 'stale', 'stale', 'stale', 'stale'])
    const rows = await living()
    for (const id of [gone, ...belongings]) expect(rows).not.toContain(id)
  })

  test('a late deletion of what went says when it went', async () => {
    const domain = belongings[3] ?? ''
    const late = about('organizationDomain.deleted', domain)
    expect(await tell(late)).toEqual(['stale'])
    expect(await tombstonesOf([domain])).toEqual({ [domain]: new Date(late.timestamp) })
  })

  test('what is new to us and belongs to it stays out and gets a tombstone', async () => {
    const unknown = [`orgmem_new${suffix}`, `orginv_new${suffix}`, `orgdmn_new${suffix}`]
    const [, ...events] = belong(gone, unknown)
    expect(await tell(...events)).toEqual(['stale', 'stale', 'stale'])
    const rows = await living()
    for (const id of unknown) expect(rows).not.toContain(id)
    expect(Object.keys(await tombstonesOf(unknown)).toSorted()).toEqual(unknown.toSorted())
  })

  test('the ledger knows the organization of each event', async () => {
    const where = { organization_id: gone, outcome: 'applied' }
    const entries = await chain.db.prisma.webhookEvent.findMany({ where })
    expect(new Set(entries.map(({ entity_id }) => entity_id))).toEqual(
      new Set([gone, ...belongings]),
    )
  })
})

describe('when a user is deleted', () => {
  const suffix = suffixOf('user.created')
  const [gone, other] = [`user_${suffix}`, `user_other${suffix}`]
  const organization = `org_${suffix}`
  const addresses = (id: string) => ({
    email_addresses: [{ id: `idn_${id}`, email_address: 'moving@example.com', verification: null }],
    phone_numbers: [{ id: `idn_p${id}`, phone_number: '+12025550107', verification: null }],
  })
  const accepted = (userId: string) => ({ organization_id: organization, user_id: userId })
  const belong = (userId: string, letter: string) => [
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
  const belongingsOf = (letter: string) =>
    [`sess_${letter}`, `sess_2${letter}`, `orgmem_${letter}`, `orginv_${letter}`].map(
      (id) => `${id}${suffix}`,
    )
  const childrenOf = (id: string) => [`idn_${id}`, `idn_p${id}`]
  const deleted = about('user.deleted', gone)
  let told: string[]
  let before: Set<string>

  beforeAll(async () => {
    const created = about('organization.created', organization, { created_by: gone })
    told = await tell(created, ...belong(gone, 'g'), ...belong(other, 'o'))
    before = await living()
    told.push(...(await tell(deleted)))
  })

  test('they and what belongs to them had been there', () => {
    expect(told.pop()).toBe('deleted')
    expect(new Set(told)).toEqual(new Set(['applied']))
    for (const id of [gone, ...belongingsOf('g'), ...childrenOf(gone)]) expect(before).toContain(id)
  })

  test('the memberships, sessions, accepted invitations and addresses go, and no others', async () => {
    const rows = await living()
    for (const id of [gone, ...belongingsOf('g'), ...childrenOf(gone)]) {
      expect(rows).not.toContain(id)
    }
    for (const id of [organization, other, ...belongingsOf('o'), ...childrenOf(other)]) {
      expect(rows).toContain(id)
    }
  })

  test('each has a tombstone; only that of the user says when', async () => {
    expect(await tombstonesOf([gone, ...belongingsOf('g')])).toEqual({
      [gone]: new Date(deleted.timestamp),
      ...Object.fromEntries(belongingsOf('g').map((id) => [id, null])),
    })
    expect(await tombstonesOf([organization, other, ...belongingsOf('o')])).toEqual({})
  })

  test('late events stay out, of what was known and of what was not', async () => {
    const now = Date.now() + 60_000
    const [known = '', , membership = '', invitation = ''] = belongingsOf('g')
    expect(
      await tell(
        about('user.updated', gone, addresses(gone), now),
        about('session.ended', known, { user_id: gone }, now),
        about('session.created', `sess_new${suffix}`, { user_id: gone }, now),
        about('organizationMembership.updated', membership, members(organization, gone), now),
        about(
          'organizationMembership.created',
          `orgmem_new${suffix}`,
          members(organization, gone),
          now,
        ),
        about('organizationInvitation.created', invitation, { organization_id: organization }),
        about('user.deleted', gone, {}, now),
      ),
    ).toEqual(['stale', 'stale', 'stale', 'stale', 'stale', 'stale', 'stale'])
    const rows = await living()
    const unknown = [`sess_new${suffix}`, `orgmem_new${suffix}`]
    for (const id of [gone, ...belongingsOf('g'), ...childrenOf(gone), ...unknown]) {
      expect(rows).not.toContain(id)
    }
    // Of two deletions the earlier stays.
    expect((await tombstonesOf([gone]))[gone]).toEqual(new Date(deleted.timestamp))
    expect(await tombstonesOf(unknown)).toEqual(Object.fromEntries(unknown.map((id) => [id, null])))
  })
})
