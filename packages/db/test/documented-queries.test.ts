import { readFile } from 'node:fs/promises'
import { expect, onTestFinished, test } from 'vitest'
import { deletionPolicies } from '../src/index.ts'
import type { DeletionPolicy } from '../src/index.ts'
import { freshId, remove, upsert } from './build-change.ts'
import { applyAll, createTables, useTables } from './tables.ts'

const tables = await useTables()
const [db] = tables.writers

const documents = ['README.md', 'docs/applications.md']

/** The statements of a document that read memberships, with the id of a user in place of $1. */
async function queriesOf(document: string, userId: string): Promise<string[]> {
  const text = await readFile(new URL(`../../../${document}`, import.meta.url), 'utf8')
  const statements = text.match(/SELECT[^;`]+FROM clerk\.organization_memberships[^;`]+/g) ?? []
  return statements.map((statement) => statement.replaceAll('$1', `'${userId}'`))
}

test.each(deletionPolicies)(
  'with %s the documented queries show the members of an organization and nobody who left it',
  async (deletionPolicy) => {
    const [stays, leaves, organization] = [freshId(), freshId(), freshId('org')]
    const join = (user: string, role: string) =>
      upsert(freshId('orgmem'), {
        type: 'organizationMembership.created',
        data: { organization: { id: organization }, public_user_data: { user_id: user }, role },
      })
    const left = join(leaves, 'org:left')
    const { id, concerned } = left
    const leave = remove(id, { type: 'organizationMembership.deleted' })
    await applyAll(
      db,
      [
        upsert(stays),
        upsert(leaves),
        upsert(organization, { type: 'organization.created' }),
        join(stays, 'org:stays'),
        left,
        { ...leave, concerned },
      ],
      { deletionPolicy, auditValues: false },
    )
    for (const document of documents) {
      const shown: string[] = []
      for (const user of [stays, leaves]) {
        const queries = await queriesOf(document, user)
        expect(queries).toHaveLength(1)
        const rows = await tables.query<{ role: string }>(
          `SELECT role FROM (${queries[0]}) AS shown`,
        )
        shown.push(...rows.map(({ role }) => role))
      }
      expect(shown).toContain('org:stays')
      expect(shown).not.toContain('org:left')
    }
  },
)

const day = 24 * 60 * 60 * 1_000
const [acme, ada, bob, dan] = ['org_acme', 'user_ada', 'user_bob', 'user_dan']

/** Dan left in February; Ada was signed in yesterday, Bob a year ago. */
async function createHistory(deletionPolicy: DeletionPolicy) {
  const history = await createTables()
  onTestFinished(() => history.close())
  const yesterday = Date.now() - day
  const user = (id: string, createdAt: string) =>
    upsert(id, {
      type: 'user.created',
      updatedAt: Date.parse(createdAt),
      data: {
        created_at: Date.parse(createdAt),
        primary_email_address_id: 'idn_1',
        email_addresses: [{ id: 'idn_1', email_address: `${id}@example.com` }],
      },
    })
  const member = (of: string, role: string) =>
    upsert(`orgmem_${of}`, {
      type: 'organizationMembership.created',
      updatedAt: Date.UTC(2026, 0, 15),
      data: {
        organization: { id: acme },
        public_user_data: { user_id: of },
        role,
        created_at: Date.UTC(2026, 0, 15),
      },
    })
  const invitation = (id: string, data: object) =>
    upsert(id, {
      type: 'organizationInvitation.created',
      updatedAt: Date.UTC(2026, 0, 16),
      data: {
        organization_id: acme,
        inviter_id: ada,
        email_address: `${id}@example.com`,
        role: 'org:member',
        status: 'pending',
        created_at: Date.UTC(2026, 0, 16),
        ...data,
      },
    })
  const session = (of: string, createdAt: number) =>
    upsert(`sess_${of}`, {
      type: 'session.created',
      updatedAt: createdAt,
      data: { user_id: of, status: 'active', created_at: createdAt },
    })
  await applyAll(
    history.writers[0],
    [
      user(ada, '2026-01-05T00:00:00Z'),
      user(bob, '2026-01-11T23:59:59Z'),
      user(dan, '2026-01-12T00:00:00Z'),
      user('user_eve', '2026-02-10T00:00:00Z'),
      upsert(acme, { type: 'organization.created', data: { name: 'Acme' } }),
      upsert('org_idle', { type: 'organization.created', data: { name: 'Idle' } }),
      upsert('role_1', {
        type: 'role.created',
        data: {
          key: 'org:admin',
          permissions: [
            { id: 'perm_2', key: 'org:b' },
            { id: 'perm_1', key: 'org:a' },
          ],
        },
      }),
      member(ada, 'org:admin'),
      member(bob, 'org:member'),
      member(dan, 'org:member'),
      session(ada, yesterday),
      session(bob, yesterday - 365 * day),
      session(dan, yesterday),
      invitation('orginv_expired', { expires_at: Date.UTC(2026, 1, 11) }),
      invitation('orginv_open', { expires_at: Date.now() + day }),
      invitation('orginv_revoked', { status: 'revoked' }),
      invitation('orginv_accepted', { status: 'accepted', user_id: bob }),
      upsert(acme, {
        type: 'organization.updated',
        updatedAt: yesterday,
        data: { name: 'Acme' },
      }),
    ],
    { deletionPolicy, auditValues: false },
  )
  await applyAll(history.writers[0], [remove(dan, { occurredAt: Date.UTC(2026, 1, 20) })], {
    deletionPolicy,
    auditValues: false,
  })
  return history
}

/** The statements of docs/queries.md, by the heading above them. */
async function readQueries(): Promise<Map<string, string[]>> {
  const text = await readFile(new URL('../../../docs/queries.md', import.meta.url), 'utf8')
  const sections = text.split(/^## /m).slice(1)
  return new Map(
    sections.map((section) => [
      section.slice(0, section.indexOf('\n')),
      [...section.matchAll(/```sql\n(.*?);\n```/gs)].map(([, sql = '']) => sql),
    ]),
  )
}

// What each statement answers, in order; of times only that they are there.
const answersUnder = (deletionPolicy: DeletionPolicy): Record<string, object[][]> => {
  const isErased = deletionPolicy === 'erase'
  const invitation = (id: string, status: string) => ({
    organization: 'Acme',
    email_address: `${id}@example.com`,
    role: 'org:member',
    invited_by: `${ada}@example.com`,
    status,
  })
  const member = (id: string, role: string) => ({
    organization: 'Acme',
    member: `${id}@example.com`,
    role,
  })
  return {
    'Signups by week': [
      [
        { week: '2026-01-05', signups: 2 },
        ...(isErased ? [] : [{ week: '2026-01-12', signups: 1 }]),
        { week: '2026-02-09', signups: 1 },
      ],
    ],
    'Members with roles': [
      [member(ada, 'org:admin'), member(bob, 'org:member')],
      [{ role: 'org:admin', permissions: ['org:a', 'org:b'] }],
    ],
    'Active organizations': [
      [{ id: acme, name: 'Acme', active_members: 1 }],
      [{ id: acme, name: 'Acme', changes: 1 }],
    ],
    'Growth and churn': [
      isErased
        ? [
            { month: '2026-01-01', joined: 2, gone: 0, users: 2 },
            { month: '2026-02-01', joined: 2, gone: 1, users: 3 },
          ]
        : [
            { month: '2026-01-01', joined: 3, gone: 0, users: 3 },
            { month: '2026-02-01', joined: 1, gone: 1, users: 3 },
          ],
    ],
    'Invitations that were never accepted': [
      [
        invitation('orginv_expired', 'expired'),
        invitation('orginv_open', 'pending'),
        invitation('orginv_revoked', 'revoked'),
      ],
    ],
    'What happened to this person': [
      [
        { type: 'user.created', entity_id: dan, outcome: 'applied' },
        { type: 'organizationMembership.created', outcome: 'applied' },
        { type: 'user.deleted', entity_id: dan, outcome: 'deleted', changed_columns: null },
        { type: 'session.created', entity_id: `sess_${dan}`, outcome: 'applied' },
      ],
    ],
  }
}

test.each(deletionPolicies)(
  'with %s each query of docs/queries.md answers right',
  async (policy) => {
    const history = await createHistory(policy)
    const queries = await readQueries()
    const answers = answersUnder(policy)
    expect([...queries.keys()]).toEqual(Object.keys(answers))
    for (const [heading, statements] of queries) {
      const found = []
      for (const sql of statements) {
        const shown = sql.replaceAll('$1', `'${dan}'`)
        const rows = await history.query<{ row: object }>(
          `SELECT to_jsonb(shown) AS row FROM (${shown}) AS shown`,
        )
        found.push(rows.map(({ row }) => row))
      }
      expect({ [heading]: found }).toMatchObject({ [heading]: answers[heading] })
    }
  },
)

test('the queries of docs/gdpr.md find every row that concerns a user, in every table that can have one, and empty an address', async () => {
  const page = await readFile(new URL('../../../docs/gdpr.md', import.meta.url), 'utf8')
  const [, erasing = ''] = /```sql\n( +UPDATE .*?)```/s.exec(page) ?? []
  const [, sql = ''] = /^```sql\n(WITH .*?);\n```/ms.exec(page) ?? []
  const history = await createHistory('erase')
  const concerning = await history.query<{ name: string }>(
    `SELECT DISTINCT table_name::text AS name
     FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
     WHERE table_schema = 'clerk' AND table_type = 'BASE TABLE'
       AND column_name IN ('user_id', 'email_address')`,
  )
  const asked = [...sql.matchAll(/FROM clerk\.(\w+) t/g)].map(([, table = '']) => table)
  expect(asked.toSorted()).toEqual(['users', ...concerning.map(({ name }) => name)].toSorted())

  const tablesOf = async (user: string) => {
    const rows = await history.query<{ table: string }>(sql.replaceAll('$1', `'${user}'`))
    return rows.map(({ table }) => table).toSorted()
  }
  await applyAll(history.writers[0], [
    upsert('wle_bob', {
      type: 'waitlistEntry.created',
      data: { email_address: `${bob.toUpperCase()}@example.com`, status: 'pending' },
    }),
  ])
  expect(await tablesOf(bob)).toEqual([
    'email_addresses',
    'organization_invitations',
    'organization_memberships',
    'sessions',
    'users',
    'waitlist_entries',
    ...Array<string>(4).fill('webhook_events'),
  ])
  await history.query(erasing.replaceAll('$1', `'${bob}@example.com'`))
  expect(await tablesOf(bob)).not.toContain('waitlist_entries')
  expect(await tablesOf(bob)).toContain('users')
  // He was erased: only that he was there is left.
  expect(new Set(await tablesOf(dan))).toEqual(new Set(['tombstones', 'webhook_events']))
})
