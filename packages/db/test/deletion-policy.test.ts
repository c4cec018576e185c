import { describe, expect, test } from 'vitest'
import { finishCascadeDeletes, deletionPolicies } from '../src/index.ts'
import type { Change } from '@clerk-sync/events'
import type { DeletionPolicy } from '../src/index.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { applyAll, useTables } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers

/** A user and an organization with everything that may go with them. */
function household() {
  const [user, organization] = [freshId(), freshId('org')]
  const make = (prefix: string, type: string, data: object) =>
    upsert(freshId(prefix), { type, data: { ...data } })
  const data = {
    first_name: 'Ada',
    banned: true,
    email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }],
    web3_wallets: [{ id: 'idn_2', web3_wallet: '0xada' }],
  }
  return {
    user: upsert(user, { data }),
    organization: upsert(organization, {
      type: 'organization.created',
      data: { name: 'Engines' },
    }),
    membership: make('orgmem', 'organizationMembership.created', {
      organization: { id: organization },
      public_user_data: { user_id: user },
      role: 'org:admin',
      public_metadata: { desk: 'north' },
    }),
    invitation: make('orginv', 'organizationInvitation.accepted', {
      organization_id: organization,
      user_id: user,
      email_address: 'ada@example.com',
    }),
    domain: make('orgdmn', 'organizationDomain.created', {
      organization_id: organization,
      name: 'example.com',
    }),
    session: make('sess', 'session.created', {
      user_id: user,
      status: 'active',
      latest_activity: { ip_address: '203.0.113.7' },
    }),
    permission: make('perm', 'permission.created', { name: 'Run', key: 'org:run' }),
  }
}

type Home = ReturnType<typeof household>

async function rowsOf(home: Home) {
  const find = async (change: Change & { kind: 'upsert' }) => {
    const [row] = await tables.query<Record<string, unknown>>(
      `SELECT * FROM clerk.${change.entity.table} WHERE id = '${change.id}'`,
    )
    return row
  }
  const rows = Object.entries(home).map(async ([name, change]) => [name, await find(change)])
  return Object.fromEntries(await Promise.all(rows)) as Record<
    keyof Home,
    Record<string, unknown> | undefined
  >
}

/** When a row was deleted, or that it lives, or is not there. */
function fateOf(row: Record<string, unknown> | undefined): string {
  if (!row) return 'no row'
  const deletedAt = row['deleted_at']
  return deletedAt instanceof Date ? deletedAt.toISOString() : 'lives'
}

const deletions = {
  user: (home: Home) => remove(home.user.id, { occurredAt: noon + 7 }),
  organization: (home: Home) =>
    remove(home.organization.id, { type: 'organization.deleted', occurredAt: noon + 7 }),
}
const ownedRows = {
  user: ['membership', 'invitation', 'session'],
  organization: ['membership', 'invitation', 'domain'],
} as const

/** Where the deletion stands among the other events. */
const arrivals: [name: string, deliver: (changes: Change[], deletion: Change) => Change[][]][] = [
  ['before everything', (changes, deletion) => [[deletion], ...changes.map((one) => [one])]],
  ['after everything', (changes, deletion) => [...changes.map((one) => [one]), [deletion]]],
  ['first in one batch', (changes, deletion) => [[deletion, ...changes]]],
  ['last in one batch', (changes, deletion) => [[...changes, deletion]]],
]

describe.each(deletionPolicies)('with %s', (deletionPolicy: DeletionPolicy) => {
  const rules = { deletionPolicy, auditValues: false }
  const endOfDeleted = deletionPolicy === 'erase' ? 'no row' : new Date(noon + 7).toISOString()

  describe.each(['user', 'organization'] as const)('a deleted %s', (owner) => {
    test.each(arrivals)(
      'deletes its owned rows too, and nothing else, arriving %s',
      async (_, deliver) => {
        const home = household()
        const batches = deliver(Object.values(home), deletions[owner](home))
        for (const batch of batches) await applyAll(db, batch, rules)

        const rows = await rowsOf(home)
        const deleted: string[] = [owner, ...ownedRows[owner]]
        const fates = Object.entries(rows).map(([name, row]) => [name, fateOf(row)])
        expect(Object.fromEntries(fates)).toEqual(
          Object.fromEntries(
            Object.keys(rows).map((name) => [
              name,
              deleted.includes(name) ? endOfDeleted : 'lives',
            ]),
          ),
        )
        const tombstones = await prismaOf(db).tombstone.findMany({
          where: { id: { in: Object.values(home).map(({ id }) => id) } },
        })
        expect(Object.fromEntries(tombstones.map((one) => [one.id, one.deleted_at]))).toEqual({
          [home[owner].id]: new Date(noon + 7),
          ...Object.fromEntries(ownedRows[owner].map((name) => [home[name].id, null])),
        })
      },
    )
  })

  test('a late event of a deleted entity leaves no living row', async () => {
    const home = household()
    await applyAll(db, [...Object.values(home), deletions.user(home)], rules)
    const late = { updatedAt: noon + 1_000, type: 'organizationMembership.updated' }
    // This one no longer says whose membership it was.
    const data = { organization: { id: home.organization.id }, public_user_data: null }
    await applyAll(db, [upsert(home.membership.id, { ...late, data })], rules)
    const { membership } = await rowsOf(home)
    expect(fateOf(membership)).toBe(endOfDeleted)
  })

  test('what goes twice has the earliest time, in any order', async () => {
    for (const order of ['user', 'organization'] as const) {
      const home = household()
      const other = order === 'user' ? 'organization' : 'user'
      const late = { ...deletions[other](home) }
      const later = { ...late, event: { ...late.event, occurredAt: noon + 9 } }
      for (const batch of [Object.values(home), [later], [deletions[order](home)]]) {
        await applyAll(db, batch, rules)
      }
      const { membership } = await rowsOf(home)
      expect(fateOf(membership)).toBe(endOfDeleted)
    }
  })

  test('child rows go, are emptied or stay like their parent', async () => {
    const home = household()
    await applyAll(db, Object.values(home), rules)
    await applyAll(db, [deletions.user(home)], rules)
    const addresses = await prismaOf(db).emailAddress.findMany({ where: { user_id: home.user.id } })
    const wallets = await prismaOf(db).web3Wallet.findMany({ where: { user_id: home.user.id } })
    const found = [addresses[0]?.email_address, wallets[0]?.web3_wallet]
    expect(found).toEqual(
      {
        erase: [undefined, undefined],
        anonymize: [null, null],
        retain: ['ada@example.com', '0xada'],
      }[deletionPolicy],
    )
  })
})

const crowd = 25_000

describe.each(deletionPolicies)('with %s an organization with many members', (deletionPolicy) => {
  const rules = { deletionPolicy, auditValues: false }
  const fill = (id: string) =>
    tables.query(`
      INSERT INTO clerk.organization_memberships
        (id, organization_id, user_id, public_metadata, updated_at, event_occurred_at, event_id)
      SELECT '${id}_' || n, '${id}', 'user_' || n, '{}', now(), now(), ''
      FROM generate_series(1, ${crowd}) AS n`)
  const count = async (id: string, what: string) => {
    const [row] = await tables.query<{ count: string }>(`SELECT count(*) FROM ${what} '${id}%'`)
    return Number(row?.count)
  }
  const living = (id: string) =>
    count(id, 'clerk.organization_memberships WHERE deleted_at IS NULL AND organization_id LIKE')
  const tombstones = (id: string) => count(id, 'clerk.tombstones WHERE id LIKE')

  test('takes them all along, in more than one transaction', async () => {
    const id = freshId('org')
    await fill(id)
    expect(await applyAll(db, [remove(id, { type: 'organization.deleted' })], rules)).toEqual([
      'deleted',
    ])
    expect([await living(id), await tombstones(id)]).toEqual([0, crowd + 1])
  })

  test('takes those along that a worker left that died in between', async () => {
    const id = freshId('org')
    await tables.query(
      `INSERT INTO clerk.tombstones (entity, id, deleted_at) VALUES ('organization', '${id}', now())`,
    )
    await fill(id)
    await finishCascadeDeletes(db, deletionPolicy, new AbortController().signal)
    expect([await living(id), await tombstones(id)]).toEqual([0, crowd + 1])
  })
})

test('anonymize empties every personal column and leaves the others', async () => {
  const rules = { deletionPolicy: 'anonymize', auditValues: false } as const
  const home = household()
  await applyAll(db, Object.values(home), rules)
  await applyAll(db, [deletions.user(home)], rules)
  const rows = await rowsOf(home)
  for (const name of ['user', 'membership', 'invitation', 'session'] as const) {
    const { entity } = home[name]
    const personal = entity.columns.filter((column) => column.personal)
    expect(personal.map((column) => rows[name]?.[column.name])).toEqual(personal.map(() => null))
  }
  expect(rows).toMatchObject({
    user: { banned: true },
    membership: { role: 'org:admin', user_id: home.user.id },
    session: { status: 'active' },
  })
})

test('a row that stayed after its deletion stays deleted when its tombstone is removed', async () => {
  const rules = { deletionPolicy: 'anonymize', auditValues: false } as const
  const home = household()
  await applyAll(db, [home.user, deletions.user(home)], rules)
  await tables.query(`DELETE FROM clerk.tombstones WHERE id = '${home.user.id}'`)
  const late = upsert(home.user.id, { updatedAt: noon + 99, data: { first_name: 'Ada' } })
  await applyAll(db, [late], rules)
  expect((await rowsOf(home)).user).toMatchObject({
    deleted_at: new Date(noon + 7),
    first_name: null,
    event_id: late.event.id,
  })
})

test('a deletion that is told again empties what an earlier policy left', async () => {
  const home = household()
  await applyAll(db, [home.user], { deletionPolicy: 'retain', auditValues: false })
  await applyAll(db, [deletions.user(home)], { deletionPolicy: 'retain', auditValues: false })
  expect((await rowsOf(home)).user).toMatchObject({ first_name: 'Ada' })
  await applyAll(db, [deletions.user(home)], { deletionPolicy: 'anonymize', auditValues: false })
  expect((await rowsOf(home)).user).toMatchObject({ first_name: null, banned: true })
})
