import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { freshId, upsert } from './build-change.ts'
import { useTables } from './tables.ts'

const tables = await useTables()

// Compressed, a repetitive value would fit into an index.
const random = (length: number) => randomBytes(length).toString('base64url').slice(0, length)

test('a B-tree holds ids, names of our own and times, and no other text of Clerk', async () => {
  const indexed = await tables.query<{ name: string }>(`
    SELECT DISTINCT t.relname || '.' || a.attname AS name
    FROM pg_index i
    JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_am m ON m.oid = x.relam
    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY(i.indkey)
    WHERE t.relnamespace = 'clerk'::regnamespace AND m.amname = 'btree'
      AND a.atttypid = 'text'::regtype AND t.relname <> '_prisma_migrations'`)
  const names = indexed.map(({ name }) => name)
  expect(names).toContain('organization_memberships.organization_id')
  expect(names.filter((name) => !/\.(id|(?!external|provider)\w+_id|entity)$/.test(name))).toEqual(
    [],
  )
})

test('long values are kept whole, and found by an index', async () => {
  const [user, organization] = [freshId(), freshId('org')]
  const long = { id: random(4_000), address: `${random(3_000)}@example.com`, slug: random(3_000) }
  const changes = [
    upsert(user, {
      data: {
        external_id: long.id,
        email_addresses: [{ id: 'idn_1', email_address: long.address }],
        primary_email_address_id: 'idn_1',
        phone_numbers: [{ id: 'idn_2', phone_number: long.id }],
        web3_wallets: [{ id: 'idn_3', web3_wallet: long.id }],
        external_accounts: [{ id: 'idn_4', provider: 'oauth_x', provider_user_id: long.id }],
      },
    }),
    upsert(organization, { type: 'organization.created', data: { slug: long.slug } }),
    upsert(freshId('orginv'), {
      type: 'organizationInvitation.created',
      data: { organization_id: organization, email_address: long.address },
    }),
    upsert(freshId('orgdmn'), {
      type: 'organizationDomain.created',
      data: { organization_id: organization, name: long.slug },
    }),
    upsert(freshId('role'), {
      type: 'role.created',
      data: { key: long.slug, permissions: [{ id: 'perm_1', key: long.slug }] },
    }),
    upsert(freshId('wle'), {
      type: 'waitlistEntry.created',
      data: { email_address: long.address, status: 'pending' },
    }),
  ]
  expect(await tables.apply(...changes)).toEqual(changes.map(() => 'applied'))

  const searches = [
    ['users', 'external_id', long.id],
    ['users', 'primary_email_address', long.address],
    ['email_addresses', 'email_address', long.address],
    ['phone_numbers', 'phone_number', long.id],
    ['web3_wallets', 'web3_wallet', long.id],
    ['external_accounts', 'provider_user_id', long.id],
    ['organizations', 'slug', long.slug],
    ['organization_invitations', 'email_address', long.address],
    ['organization_domains', 'name', long.slug],
    ['role_permissions', 'key', long.slug],
    ['waitlist_entries', 'email_address', long.address],
  ]
  for (const [table, column, value] of searches) {
    const search = `SELECT ${column} AS value FROM clerk.${table} WHERE ${column} = '${value}'`
    expect(await tables.query(search)).toEqual([{ value }])
    const plan = await tables.query<{ 'QUERY PLAN': string }>(
      `SET enable_seqscan = off; EXPLAIN ${search}`,
    )
    expect(plan.map((line) => line['QUERY PLAN']).join('\n')).toContain(`${table}_${column}_idx`)
  }
})
