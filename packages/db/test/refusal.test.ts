import { beforeAll, expect, test } from 'vitest'
import type { Change, EventChange } from '@clerk-sync/events'
import {
  DatabaseRefusedError,
  DatabaseUnavailableError,
  applyChanges,
  createDatabase,
} from '../src/index.ts'
import { freshId, noon, remove, upsert } from './build-change.ts'
import { useTables, defaultRules } from './tables.ts'
import { prismaOf } from './prisma.ts'

const tables = await useTables()
const [db] = tables.writers
beforeAll(async () => {
  await tables.query(`
    ALTER TABLE clerk.users ADD CONSTRAINT users_no_poison CHECK (first_name NOT LIKE 'poison%');
    ALTER TABLE clerk.webhook_events ADD CONSTRAINT no_cursed_event CHECK (id NOT LIKE 'msg_cursed%');
    CREATE UNIQUE INDEX one_name ON clerk.users (username);
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE EXCEPTION 'no % here', NEW.slug;
    END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON clerk.organizations
    FOR EACH ROW WHEN (NEW.slug LIKE 'forbidden%') EXECUTE FUNCTION refuse();
    CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER swallow BEFORE INSERT ON clerk.organizations
    FOR EACH ROW WHEN (NEW.slug LIKE 'swallowed%') EXECUTE FUNCTION swallow()`)
})

const user = (id: string) => prismaOf(db).user.findUnique({ where: { id } })
const tombstones = (id: string) => prismaOf(db).tombstone.findMany({ where: { id } })
const isInLedger = async ({ event }: EventChange) =>
  (await prismaOf(db).webhookEvent.findUnique({ where: { id: event.id } })) !== null

async function refusal(change: Change): Promise<DatabaseRefusedError> {
  const [result] = await applyChanges(db, [change], defaultRules)
  if (!result || result.ok) throw new Error('it was written')
  expect(result.error).toBeInstanceOf(DatabaseRefusedError)
  return result.error as DatabaseRefusedError
}

test('the others of a batch commit, the refused ones come back at their places', async () => {
  const [one, two, three] = [freshId(), freshId(), freshId()]
  const batch = [
    upsert(one),
    upsert(two, { data: { first_name: 'poison' } }),
    remove(three),
    upsert(freshId('org'), { type: 'organization.created', data: { slug: 'forbidden' } }),
    upsert(three, { updatedAt: noon + 1 }),
  ]
  const results = await applyChanges(db, batch, defaultRules)
  expect(results.map((result) => (result.ok ? result.outcome : 'refused'))).toEqual([
    'applied',
    'refused',
    'deleted',
    'refused',
    'stale',
  ])
  expect(await Promise.all(batch.map(isInLedger))).toEqual([true, false, true, false, true])
  expect(await user(one)).not.toBeNull()
  expect(await user(two)).toBeNull()
})

test('a row that a trigger swallows without a word fails alone, too', async () => {
  const batch = [
    upsert(freshId()),
    upsert(freshId('org'), { type: 'organization.created', data: { slug: 'swallowed' } }),
    upsert(freshId()),
  ]
  const results = await applyChanges(db, batch, defaultRules)
  expect(results.map(({ ok }) => ok)).toEqual([true, false, true])
  expect(results[1]).toMatchObject({
    error: { message: 'something else than clerk-sync writes to its tables' },
  })
})

test('metadata that nest deeper than they can be compared are written again and again', async () => {
  const id = freshId()
  const deep = (depth: number) => JSON.parse(`${'['.repeat(depth)}1${']'.repeat(depth)}`) as unknown
  for (const [later, depth] of [4_000, 4_000, 3_999].entries()) {
    const data = { unsafe_metadata: deep(depth) }
    const batch = [upsert(freshId()), upsert(id, { updatedAt: noon + later, data })]
    const results = await applyChanges(db, batch, defaultRules)
    expect(results).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }])
  }
})

test('a refused change is applied once the cause is removed', async () => {
  const id = freshId()
  const change = upsert(id, { data: { first_name: 'poison later allowed' } })
  await refusal(change)
  await tables.query('ALTER TABLE clerk.users DROP CONSTRAINT users_no_poison')
  expect(await tables.apply(change)).toEqual(['applied'])
  await tables.query(
    `ALTER TABLE clerk.users ADD CONSTRAINT users_no_poison
     CHECK (first_name NOT LIKE 'poison%') NOT VALID`,
  )
})

test('a broken check is told by SQLSTATE and constraint, without the value', async () => {
  const error = await refusal(upsert(freshId(), { data: { first_name: 'poison ivy' } }))
  expect(error).toMatchObject({ code: 'ERR_DATABASE_REFUSED', sqlState: '23514' })
  expect(error.message).toBe(
    'the database refused the statement: SQLSTATE 23514 (table users, constraint users_no_poison)',
  )
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('ivy')
})

test('a value taken already is told by SQLSTATE and constraint, without the value', async () => {
  await tables.apply(upsert(freshId(), { data: { username: 'countess' } }))
  const error = await refusal(upsert(freshId(), { data: { username: 'countess' } }))
  expect(error.sqlState).toBe('23505')
  expect(error.message).toBe(
    'the database refused the statement: SQLSTATE 23505 (table users, constraint one_name)',
  )
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('countess')
})

test('a null that is refused is told by table and column, a value that does not fit by table', async () => {
  const id = freshId()
  await tables.query(`
    DROP VIEW clerk.live_permissions, clerk.live_role_permissions;
    ALTER TABLE clerk.permissions ALTER COLUMN name SET NOT NULL, ALTER COLUMN key TYPE varchar(5)`)
  const permission = (data: object) =>
    refusal(upsert(id, { type: 'permission.created', data: { ...data } }))
  expect(await permission({ key: 'read' })).toMatchObject({
    isFinal: false,
    message: 'the database refused the statement: SQLSTATE 23502 (table permissions, column name)',
  })
  expect(await permission({ name: 'Read', key: 'org:read' })).toMatchObject({
    isFinal: true,
    message: 'the database refused the statement: SQLSTATE 22001 (table permissions)',
  })
})

test("an application's foreign key is told by table and constraint, and may pass later", async () => {
  const [id, owner] = [freshId('orgdmn'), freshId('org')]
  await tables.query(`
    ALTER TABLE clerk.organization_domains ADD CONSTRAINT domain_of_known
    FOREIGN KEY (organization_id) REFERENCES clerk.organizations (id)`)
  const type = 'organizationDomain.created'
  const domain = upsert(id, { type, data: { organization_id: owner } })
  expect(await refusal(domain)).toMatchObject({
    isFinal: false,
    message:
      'the database refused the statement: SQLSTATE 23503 (table organization_domains, constraint domain_of_known)',
  })
  expect(await tables.apply(upsert(owner, { type: 'organization.created' }), domain)).toEqual([
    'applied',
    'applied',
  ])
})

test("a trigger's own words are kept out, since they may quote the value", async () => {
  const type = 'organization.created'
  const error = await refusal(upsert(freshId('org'), { type, data: { slug: 'forbidden-fruit' } }))
  expect(error.message).toBe(
    'the database refused the statement: SQLSTATE P0001 (table organizations)',
  )
  expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('fruit')
})

test('a row is not written when its event is refused by the ledger', async () => {
  const id = freshId()
  const data = { email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }] }
  await refusal(upsert(id, { svixId: freshId('msg_cursed'), data }))
  expect(await user(id)).toBeNull()
  expect(await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })).toEqual([])
})

test('a tombstone is not written and the row stays when the event is refused by the ledger', async () => {
  const id = freshId()
  const data = { email_addresses: [{ id: 'idn_1', email_address: 'ada@example.com' }] }
  await tables.apply(upsert(id, { data }))
  await refusal(remove(id, { svixId: freshId('msg_cursed') }))
  expect(await user(id)).not.toBeNull()
  expect(await prismaOf(db).emailAddress.findMany({ where: { user_id: id } })).toHaveLength(1)
  expect(await tombstones(id)).toEqual([])
  expect(await tables.apply(upsert(id, { updatedAt: noon + 1 }))).toEqual(['applied'])
})

test('an unavailable database is told apart from a refusal', async () => {
  const unavailable = createDatabase({
    url: 'postgres://u:secret@127.0.0.1:1/x',
    maxConnections: 1,
  })
  const failed = applyChanges(unavailable, [upsert(freshId())], defaultRules)
  await expect(failed).rejects.toThrow(DatabaseUnavailableError)
  await expect(failed).rejects.not.toThrow('secret')
  await unavailable.close()
})
