import { describe, expect, test } from 'vitest'
import type { EventChange } from '@clerk-sync/events'
import { removeOldRows } from '../src/index.ts'
import { concernsId } from '../src/inspect/read-ledger.ts'
import { concernsEntityOrUser } from '../src/ledger.ts'
import { freshId, noon, nothing, remove, upsert } from './build-change.ts'
import { applyAll, useTables, defaultRules } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers

const withValues = { ...defaultRules, auditValues: true }
const entry = ({ event }: EventChange) =>
  prismaOf(db).webhookEvent.findUniqueOrThrow({ where: { id: event.id } })

describe('what changed', () => {
  const created = (id: string) => upsert(id, { data: { first_name: 'Ada', banned: false } })
  const renamed = (id: string) =>
    upsert(id, {
      updatedAt: noon + 1,
      data: { first_name: 'Grace', banned: false, email_addresses: [{ id: 'idn_1' }] },
    })

  test('is named by column and child table, also within one batch', async () => {
    for (const together of [true, false]) {
      const id = freshId()
      const changes = [created(id), renamed(id)] as const
      if (together) await tables.apply(...changes)
      else for (const change of changes) await tables.apply(change)
      expect((await entry(changes[0])).changed_columns).toEqual(['first_name', 'banned'])
      expect((await entry(changes[1])).changed_columns).toEqual(['first_name', 'email_addresses'])
    }
  })

  test('is nothing where nothing was written', async () => {
    const id = freshId()
    await tables.apply(renamed(id))
    const none = [created(id), nothing(), remove(id)]
    await tables.apply(...none)
    for (const change of none) expect((await entry(change)).changed_columns).toEqual([])
  })

  test('has no values unless they are asked for', async () => {
    const [id, other] = [freshId(), freshId()]
    const [quiet, loud] = [created(id), renamed(other)]
    await tables.apply(quiet)
    await applyAll(db, [loud], withValues)
    expect((await entry(quiet)).changed_values).toBeNull()
    expect((await entry(loud)).changed_values).toEqual({
      first_name: 'Grace',
      banned: false,
      email_addresses: [{ id: 'idn_1', email_address: null, verified: false, is_primary: false }],
    })
  })
})

test('whom an event concerns is written down, also where the event touches no table', async () => {
  const [userId, organizationId] = [freshId(), freshId('org')]
  const joined = upsert(freshId('orgmem'), {
    type: 'organizationMembership.created',
    data: { organization: { id: organizationId }, public_user_data: { user_id: userId } },
  })
  await tables.apply(joined)
  expect(await entry(joined)).toMatchObject({ user_id: userId, organization_id: organizationId })
})

test.each([
  concernsId("'user_1'"),
  concernsEntityOrUser("= ANY(ARRAY['user_1', 'org_1'])"),
  "user_id = 'user_1'",
  "organization_id = 'org_1'",
])('an index finds the events where %s', async (condition) => {
  const plan = await tables.query<{ 'QUERY PLAN': string }>(
    `SET enable_seqscan = off; EXPLAIN SELECT FROM clerk.webhook_events WHERE ${condition}`,
  )
  const text = plan.map((line) => line['QUERY PLAN']).join('\n')
  expect(text).toMatch(/webhook_events_(user|organization)_id_idx/)
  expect(text).not.toContain('Seq Scan')
})

test('an index finds the events of all that is deleted', async () => {
  const plan = await tables.query<{ 'QUERY PLAN': string }>(
    `SET enable_seqscan = off; SET enable_hashjoin = off; EXPLAIN SELECT event.id
     FROM (VALUES ('user_1'), ('orgmem_1')) AS deleted(deleted_id)
     JOIN clerk.webhook_events AS event ON ${concernsEntityOrUser('= deleted_id')}`,
  )
  const text = plan.map((line) => line['QUERY PLAN']).join('\n')
  expect(text).toContain('webhook_events_user_id_idx')
  expect(text).toContain('webhook_events_entity_id_idx')
  expect(text).not.toContain('Seq Scan')
})

describe('after a deletion', () => {
  const secrets = { changed_values: null, client_ip: null, user_agent: null }

  test.each(['erase', 'anonymize'] as const)(
    'with %s only facts are left of the events of the person, before and after',
    async (deletionPolicy) => {
      const rules = { deletionPolicy, auditValues: true }
      const id = freshId()
      const changes = [
        upsert(id, { data: { first_name: 'Ada' }, clientIp: '203.0.113.7' }),
        upsert(freshId('sess'), { type: 'session.created', data: { user_id: id } }),
        remove(id, { clientIp: '203.0.113.7' }),
        upsert(id, { updatedAt: noon + 9, data: { first_name: 'A.' }, clientIp: '203.0.113.7' }),
      ]
      for (const change of changes) await applyAll(db, [change], rules)
      for (const change of changes) {
        expect(await entry(change)).toMatchObject({
          ...secrets,
          user_id: id,
          type: change.event.type,
        })
      }
    },
  )

  test('in the batch of the deletion the same holds', async () => {
    const id = freshId()
    const changes = [upsert(id, { data: { first_name: 'Ada' }, clientIp: '::1' }), remove(id)]
    await applyAll(db, changes, withValues)
    for (const change of changes) expect(await entry(change)).toMatchObject(secrets)
  })

  test('of what went with its owner nothing is left either', async () => {
    const [id, userId] = [freshId('orginv'), freshId()]
    const data = { organization_id: 'org_1', email_address: 'ada@example.com' }
    const invited = upsert(id, { type: 'organizationInvitation.created', data })
    const accepted = upsert(id, {
      type: 'organizationInvitation.accepted',
      updatedAt: noon + 1,
      data: { ...data, user_id: userId },
    })
    for (const change of [invited, accepted]) await applyAll(db, [change], withValues)
    // Nobody's yet: without the user's id it would not be found after their deletion.
    expect((await entry(invited)).changed_columns).toContain('email_address')
    expect((await entry(invited)).changed_values).toEqual({ organization_id: 'org_1' })
    await applyAll(db, [remove(userId)], withValues)
    expect(await entry(invited)).toMatchObject(secrets)
  })

  test('in the batch of the deletion that holds for what went with its owner, too', async () => {
    const [id, userId] = [freshId('orginv'), freshId()]
    const data = { organization_id: 'org_1', user_id: userId }
    const type = 'organizationInvitation.accepted'
    await applyAll(db, [upsert(id, { type, data, updatedAt: noon + 1 })], withValues)
    const late = upsert(id, {
      type: 'organizationInvitation.created',
      data: { organization_id: 'org_1' },
      clientIp: '::1',
    })
    await applyAll(db, [late, remove(userId)], withValues)
    expect(await entry(late)).toMatchObject(secrets)
  })

  test('with retain everything stays', async () => {
    const id = freshId()
    const change = upsert(id, { data: { first_name: 'Ada' }, clientIp: '::1' })
    const rules = { deletionPolicy: 'retain', auditValues: true } as const
    await applyAll(db, [change, remove(id)], rules)
    expect(await entry(change)).toMatchObject({
      client_ip: '::1',
      changed_values: { first_name: 'Ada' },
    })
  })
})

describe('the database itself', () => {
  const daysAgo = (days: number) => `now() - interval '${days} days'`
  async function insert(receivedAt: string): Promise<string> {
    const id = freshId('msg')
    await tables.query(`
      INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at, client_ip)
      VALUES ('${id}', 'user.created', 'applied', now(), ${receivedAt}, '::1')`)
    return id
  }
  const isThere = async (id: string) =>
    (await prismaOf(db).webhookEvent.findUnique({ where: { id } })) !== null

  test.each([
    `outcome = 'stale'`,
    `type = 'user.updated'`,
    `received_at = now()`,
    `changed_columns = '{first_name}'`,
    `changed_values = '{"first_name": "Grace"}'`,
    `client_ip = '203.0.113.9'`,
    `user_id = 'user_1', client_ip = NULL`,
  ])('refuses to change an event: %s', async (assignment) => {
    const id = await insert('now()')
    await expect(
      tables.query(`UPDATE clerk.webhook_events SET ${assignment} WHERE id = '${id}'`),
    ).rejects.toThrow('append-only')
  })

  test('refuses to delete an event outside of retention, and young ones always', async () => {
    const [old, young] = [await insert(daysAgo(91)), await insert(daysAgo(89))]
    const deleting = (id: string) => `DELETE FROM clerk.webhook_events WHERE id = '${id}'`
    const retention = `BEGIN; SET LOCAL clerk_sync.retention = 'on';`
    await expect(tables.query(deleting(old))).rejects.toThrow('append-only')
    await expect(tables.query(`${retention} ${deleting(young)}; COMMIT`)).rejects.toThrow(
      'append-only',
    )
    await tables.query(`${retention} ${deleting(old)}; COMMIT`)
    expect([await isThere(old), await isThere(young)]).toEqual([false, true])
  })

  test('refuses to empty the ledger', async () => {
    await expect(tables.query('TRUNCATE clerk.webhook_events')).rejects.toThrow('append-only')
  })

  test('retention removes what is older than asked for, and tombstones much later', async () => {
    const ages = [89, 91, 119, 121]
    const events = await Promise.all(ages.map((days) => insert(daysAgo(days))))
    await tables.query(`
      INSERT INTO clerk.tombstones (entity, id, deleted_at, recorded_at)
      SELECT 'user', 'user_retention_' || days, now(), now() - make_interval(days => days)
      FROM unnest(ARRAY[399, 401, 429, 431]) AS days`)
    const tombstones = async () => {
      const rows = await tables.query<{ days: string }>(`
        SELECT split_part(id, '_', 3) AS days FROM clerk.tombstones
        WHERE id LIKE 'user_retention_%' ORDER BY id`)
      return rows.map(({ days }) => Number(days))
    }
    const going = new AbortController().signal

    await removeOldRows(db, { ledgerRetentionDays: 120 }, going)
    expect(await Promise.all(events.map(isThere))).toEqual([true, true, true, false])
    expect(await tombstones()).toEqual([399, 401, 429])
    await removeOldRows(db, { ledgerRetentionDays: 90 }, going)
    expect(await Promise.all(events.map(isThere))).toEqual([true, false, false, false])
    expect(await tombstones()).toEqual([399])
    expect(await removeOldRows(db, { ledgerRetentionDays: 90 }, going)).toEqual({
      ledgerRows: 0,
      tombstones: 0,
    })
  })

  test('thousands of old rows go in chunks, each once, whoever removes them', async () => {
    await tables.query(`
      INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at)
      SELECT 'msg_old_' || n, 'user.created', 'applied', now(), ${daysAgo(100)}
      FROM generate_series(1, 5000) AS n`)
    const going = new AbortController().signal
    const removed = await Promise.all(
      tables.writers.map((writer) => removeOldRows(writer, { ledgerRetentionDays: 90 }, going)),
    )
    expect(removed.reduce((sum, { ledgerRows }) => sum + ledgerRows, 0)).toBe(5_000)
  })
})
