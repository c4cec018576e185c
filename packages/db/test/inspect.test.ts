import { entities } from '@clerk-sync/events'
import type { Change } from '@clerk-sync/events'
import { expect, test } from 'vitest'
import { deletionPolicies, hidden, inspectId, readLedger, searchAddress } from '../src/index.ts'
import type { IdFacts, LedgerPosition } from '../src/index.ts'
import { freshId, noon, nothing, remove, upsert } from './build-change.ts'
import { applyAll, useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers
const withValues = { deletionPolicy: 'erase', auditValues: true } as const
const options = { limit: 50, showValues: true, deletionPolicy: 'erase' } as const

/** A user with rows in every table that may name one, and others that have nothing to do with them. */
async function settle() {
  const [user, organization] = [freshId(), freshId('org')]
  const address = `ada.${user.slice(-12)}@example.com`
  const owned = (prefix: string, type: string, data: object) =>
    upsert(freshId(prefix), { type, clientIp: '203.0.113.7', data: { ...data } })
  const payer = { payer: { id: freshId('cpayer'), user_id: user } }
  const membership = owned('orgmem', 'organizationMembership.created', {
    organization: { id: organization },
    public_user_data: { user_id: user },
    public_metadata: { desk: 'north' },
  })
  const changes = [
    upsert(user, {
      clientIp: '203.0.113.7',
      data: {
        first_name: 'Ada',
        banned: true,
        primary_email_address_id: 'idn_1',
        email_addresses: [
          { id: 'idn_1', email_address: address },
          { id: 'idn_2', email_address: `second.${address}` },
        ],
        web3_wallets: [{ id: 'idn_3', web3_wallet: '0xada' }],
      },
    }),
    upsert(organization, { type: 'organization.created', data: { name: 'Engines' } }),
    membership,
    owned('sess', 'session.created', { user_id: user, latest_activity: { city: 'London' } }),
    owned('sess', 'session.ended', { user_id: user, status: 'ended' }),
    owned('sub', 'subscription.created', payer),
    upsert(freshId(), { data: { first_name: 'Grace' } }),
    nothing(),
  ]
  await applyAll(db, changes, withValues)
  return { user, organization, membership: membership.id, address }
}

const allTables = entities.flatMap(({ table, children }) => [
  table,
  ...children.map((child) => child.table),
])

/** All rows of all tables, as text. */
async function dump(): Promise<Map<string, string[]>> {
  const read = allTables.map(async (table) => {
    const rows = await tables.query<{ row: string }>(
      `SELECT to_jsonb(known)::text AS row FROM clerk.${table} AS known`,
    )
    return [table, rows.map(({ row }) => row)] as const
  })
  return new Map(await Promise.all(read))
}

const countFull = async () => {
  const [full] = await tables.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM clerk.webhook_events
     WHERE num_nonnulls(changed_values, client_ip, user_agent) > 0`,
  )
  return full?.count ?? 0
}

test.each(deletionPolicies)(
  'with %s a deletion does to every table what was said before',
  async (deletionPolicy) => {
    const { user } = await settle()
    const { deletion } = await inspectId(db, user, { ...options, deletionPolicy })
    const [before, fullBefore] = [await dump(), await countFull()]
    await applyAll(db, [remove(user)], { deletionPolicy, auditValues: true })
    const [after, fullAfter] = [await dump(), await countFull()]

    const done = allTables.flatMap((table) => {
      const [rows = [], left = []] = [before.get(table), after.get(table)]
      const touched = rows.filter((row) => !left.includes(row)).length
      const gone = rows.length - left.length
      return touched === 0 ? [] : [{ table, rows: touched, isGone: gone === touched }]
    })
    const said = (deletion?.tables ?? []).flatMap(({ table, rows, effect }) => {
      const isEntity = entities.some((one) => one.table === table)
      const isTouched = effect !== 'retained' || isEntity
      return isTouched ? [{ table, rows: rows.number, isGone: effect === 'erased' }] : []
    })
    const byTable = (a: { table: string }, b: { table: string }) => a.table.localeCompare(b.table)
    expect(said.toSorted(byTable)).toEqual(done.toSorted(byTable))
    expect(said.length).toBeGreaterThan(2)
    expect(deletion?.staying).toEqual([
      { table: 'subscriptions', rows: { number: 1, isMore: false } },
    ])
    expect(deletion?.ledgerRowsEmptied).toEqual({ number: fullBefore - fullAfter, isMore: false })

    const left = await inspectId(db, user, options)
    expect(left).toMatchObject({ entity: 'user', deletion: undefined })
    expect(left.tombstones).toMatchObject([{ entity: 'user', deletedAt: new Date(noon) }])
  },
)

test('everything about a person is found, with the names of their organizations', async () => {
  const { user, organization, membership } = await settle()
  const facts = await inspectId(db, user, { ...options, limit: 1 })
  expect(facts.entity).toBe('user')
  expect(
    facts.tables.map(({ table, column, count, rows }) => [
      table,
      column,
      count.number,
      rows.length,
    ]),
  ).toEqual([
    ['users', 'id', 1, 1],
    ['email_addresses', 'user_id', 2, 1],
    ['web3_wallets', 'user_id', 1, 1],
    ['organization_memberships', 'user_id', 1, 1],
    ['sessions', 'user_id', 2, 1],
    ['subscriptions', 'user_id', 1, 1],
  ])
  expect(facts.tables[0]?.rows[0]).toMatchObject({ id: user, first_name: 'Ada', banned: true })
  expect(facts.names).toEqual({ [organization]: 'Engines' })
  expect(facts.events).toMatchObject({
    rows: [{ outcome: 'applied', clientIp: '203.0.113.7', occurredAt: new Date(noon) }],
    count: { number: 5, isMore: false },
  })

  const ofOrganization = await inspectId(db, organization, options)
  expect(ofOrganization).toMatchObject({ entity: 'organization', events: { rows: [{}, {}] } })
  expect(ofOrganization.tables.map(({ table }) => table)).toEqual([
    'organizations',
    'organization_memberships',
  ])
  expect(await inspectId(db, membership, options)).toMatchObject({
    entity: 'organization_membership',
    deletion: { tables: [{ table: 'organization_memberships', effect: 'erased' }] },
  })
})

test('no personal value leaves when values are not shown', async () => {
  const { user, address } = await settle()
  await tables.query('ALTER TABLE clerk.users ADD COLUMN IF NOT EXISTS nickname text')
  await tables.query(`UPDATE clerk.users SET nickname = 'Countess' WHERE id = '${user}'`)
  const facts = await inspectId(db, user, { ...options, showValues: false })
  const shown = (value: unknown) => (value === hidden ? '(hidden)' : value)
  const text = JSON.stringify(facts, (_, value: unknown) => shown(value))
  for (const value of [address, 'Ada', 'north', 'London', '203.0.113.7', 'Countess', '0xada']) {
    expect(text).not.toContain(value)
  }
  const [row] = facts.tables[0]?.rows ?? []
  expect(row).toMatchObject({ id: user, first_name: hidden, nickname: hidden, banned: true })
  expect(row).toMatchObject({ last_name: null })
  expect(facts.events.rows[0]).toMatchObject({ changedValues: hidden, clientIp: hidden })
  await tables.query('ALTER TABLE clerk.users DROP COLUMN nickname')
})

test('an id of which only events are left, and one of which nothing is known', async () => {
  const id = freshId()
  await tables.apply(remove(id))
  expect(await inspectId(db, id, options)).toMatchObject({
    entity: 'user',
    tables: [],
    tombstones: [{ entity: 'user', deletedAt: new Date(noon) }],
    events: { rows: [{ type: 'user.deleted', outcome: 'deleted' }] },
  })
  const unknown: IdFacts = await inspectId(db, freshId(), options)
  expect(unknown).toMatchObject({
    entity: undefined,
    tables: [],
    tombstones: [],
    events: { rows: [], count: { number: 0 } },
    deletion: undefined,
  })
})

test('an address leads to whoever has it, in any case, and to whoever had it', async () => {
  const { user, address } = await settle()
  const invitation = upsert(freshId('orginv'), {
    type: 'organizationInvitation.created',
    data: { organization_id: 'org_1', email_address: address.toUpperCase(), status: 'pending' },
  })
  const waiting = upsert(freshId('wait'), {
    type: 'waitlistEntry.created',
    data: { email_address: address, status: 'pending' },
  })
  const moved = `new.${address}`
  const changed = upsert(user, {
    updatedAt: noon + 1,
    data: { email_addresses: [{ id: 'idn_1', email_address: moved }] },
  })
  await applyAll(db, [invitation, waiting], withValues)
  const having = (search: Awaited<ReturnType<typeof searchAddress>>) =>
    search.matches.map(({ id, table, isFormer }) => [id, table, isFormer])

  expect(having(await searchAddress(db, address.toUpperCase()))).toEqual([
    [user, 'users', false],
    [user, 'email_addresses', false],
    [invitation.id, 'organization_invitations', false],
    [waiting.id, 'waitlist_entries', false],
  ])
  await applyAll(db, [changed], withValues)
  const later = await searchAddress(db, address)
  expect(having(later)).toEqual([
    [invitation.id, 'organization_invitations', false],
    [waiting.id, 'waitlist_entries', false],
    [user, 'webhook_events', true],
  ])
  expect(later.notes).toEqual([])
  expect(having(await searchAddress(db, address.slice(1)))).toEqual([])
})

test('the ledger is read page by page, each event once, as the filter says', async () => {
  const id = freshId()
  const received = (second: number) => noon + second * 1_000
  // Three at each time: a page ends between two of one time.
  const changes: Change[] = Array.from({ length: 12 }, (_, at) =>
    upsert(id, {
      type: at % 2 === 0 ? 'user.updated' : 'user.created',
      occurredAt: received(Math.floor(at / 3)),
      updatedAt: received(at),
    }),
  )
  await tables.apply(...changes)

  const read = async (filter: object) => {
    const ids: string[] = []
    let after: LedgerPosition | undefined
    do {
      const page = await readLedger(db, { id, ...filter }, { limit: 5, showValues: true, after })
      ids.push(...page.rows.map((row) => row.id))
      expect(page.rows.length).toBeLessThanOrEqual(5)
      after = page.next
    } while (after)
    return ids
  }
  const all = await read({})
  expect(all.toSorted()).toEqual(changes.flatMap(({ event }) => event?.id ?? []).toSorted())
  expect(await read({ type: 'user.created' })).toHaveLength(6)
  expect(await read({ outcome: 'deleted' })).toEqual([])
  // Received 200 ms after they occurred.
  const since = new Date(received(1) + 200)
  expect(await read({ since, until: since })).toHaveLength(3)
  const [one = ''] = all
  const byId = await readLedger(db, { id: one }, { limit: 5, showValues: false })
  expect(byId.rows).toMatchObject([{ id: one, entityId: id, userId: id }])
})
