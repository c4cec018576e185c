import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { choiceOf, selectKept } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import type { FakeClerk } from '@clerk-sync/fake-clerk'
import { startSchedule } from '@clerk-sync/queue'
import { saveSettings } from '@clerk-sync/sync'
import type { TestDatabase } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import type { Console } from '../src/index.ts'
import { authorization, createTestQueue, openConsole, recordLog } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

const kept = selectKept()
const log = recordLog()

let database: TestDatabase
let db: Database
let queue: TestQueue
let clerk: FakeClerk
let board: Console

beforeAll(async () => {
  database = await createMigratedDatabase(migrate)
  db = createDatabase({ url: database.url, maxConnections: 2 })
  await saveSettings(db, { deletionPolicy: 'erase', choice: choiceOf(kept) })
  queue = await createTestQueue('redis')
  clerk = await createFakeClerk({ generatedUsers: 1_200, generatedOrganizations: 3 })
  board = await open()
})

afterAll(async () => {
  await board.close()
  await clerk.close()
  await queue.drop()
  await db.close()
  await database.drop()
})

afterEach(() => log.lines.splice(0))

async function open(): Promise<Console> {
  const settings = {
    databaseUrl: database.url,
    clerk: { secretKey: clerk.secretKey, apiUrl: clerk.url, instanceId: undefined },
  }
  return await openConsole(queue.location, settings, log.logger)
}

async function call(path: string, fields?: Record<string, string>): Promise<Response> {
  return await fetch(new URL(path, board.url), {
    method: fields ? 'POST' : 'GET',
    headers: authorization(),
    body: fields ? new URLSearchParams(fields) : null,
    redirect: 'manual',
  })
}

const home = async () => (await (await call('/')).text()).replaceAll(/\s+/g, ' ')

async function press(action: string, fields: Record<string, string> = {}): Promise<void> {
  const answer = await call(`/sync/${action}`, fields)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/#sync'])
}

async function untilHome(text: string | RegExp): Promise<string> {
  return await vi.waitFor(
    async () => {
      const page = await home()
      expect(page).toMatch(text)
      return page
    },
    { timeout: 15_000, interval: 100 },
  )
}

/** Holds the answer to a page of the list of users until it is let go. */
function holdUsers(page: number) {
  const reached = Promise.withResolvers<void>()
  const letGo = Promise.withResolvers<void>()
  const stop = clerk.faults.beforeAnswer('/v1/users', async (answering) => {
    if (answering.page !== page) return
    reached.resolve()
    await letGo.promise
  })
  onTestFinished(() => {
    stop()
    letGo.resolve()
  })
  return { reached: reached.promise, letGo: () => (stop(), letGo.resolve()) }
}

const countUsers = async () => {
  const [row] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM clerk.users')
  return row?.count
}

test('a backfill shows its progress, is stopped, goes on behind it, and is logged with who pressed', async () => {
  expect(await home()).toContain('Last reconcile')
  const held = holdUsers(3)
  await press('backfill')
  await held.reached
  const running = await untilHome(/users<\/th> <td class="number">1,000 of 1,200/)
  expect(running).toContain('Backfill is running')
  expect(running).toContain('Started by operator')
  // One at a time, whichever button.
  expect((await call('/sync/reconcile', {})).status).toBe(409)

  await press('stop')
  await untilHome(/Backfill stopped.*Resume backfill/)
  held.letGo()
  expect(await countUsers()).toBe(1_000)

  await press('resume')
  await untilHome(/Backfill done: [\d,]+ new(?!.*Resume backfill)/)
  expect(await countUsers()).toBe(1_200)
  const lines = log.lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  expect(lines.filter(({ startedBy }) => startedBy).map(({ msg }) => msg)).toEqual([
    'backfill started',
    'backfill stopped',
    'backfill started',
    'backfill done',
  ])
  expect(lines.every(({ startedBy }) => startedBy === undefined || startedBy === 'operator')).toBe(
    true,
  )
})

test('a reconcile reports, and a repair asks for the delete limit and keeps to it', async () => {
  await db.query(`DELETE FROM clerk.users WHERE id IN (SELECT id FROM clerk.users LIMIT 2)`)
  await db.query(
    `INSERT INTO clerk.organizations (id, updated_at, created_at, synced_at, event_occurred_at, event_id)
     SELECT 'org_extra' || n, now(), '2020-01-01', '2020-01-01', now(), 'msg' FROM generate_series(1, 2) AS n`,
  )
  await press('reconcile')
  const page = await untilHome('Reconcile done: 4 rows differ')
  expect(page).toMatch(/operator on the console \(process \d+ on/)
  expect(page).toMatch(/organizations, extra: org_extra1, org_extra2/)
  expect(await countUsers()).toBe(1_198)

  const asked = await (await call('/sync/repair')).text()
  expect(asked).toContain('value="1%"')
  expect(asked).toContain('org_extra1')
  const wrong = await call('/sync/repair', { 'max-deletes': 'all' })
  expect([wrong.status, await wrong.text()]).toEqual([
    400,
    expect.stringContaining('The delete limit must be'),
  ])

  await press('repair', { 'max-deletes': '1' })
  await untilHome(/Repair done: 2 rows repaired, 2 still differ/)
  expect(await home()).toContain('not repaired: more than 1 row to delete')
  await press('repair', { 'max-deletes': '50' })
  await untilHome(/Repair done: 2 rows repaired, 0 still differ/)
  expect(await countUsers()).toBe(1_200)
})

test('who runs one elsewhere is named, and nothing is started meanwhile', async () => {
  await db.query(
    `INSERT INTO clerk.backfill_runs (id, started_by, host, pid)
     VALUES ('elsewhere', 'clerk-sync backfill of somebody', 'elsewhere', 1)`,
  )
  const page = await untilHome('by clerk-sync backfill of somebody')
  expect(page).not.toContain('>Reconcile</button>')
  const answer = await call('/sync/reconcile', {})
  expect([answer.status, await answer.text()]).toEqual([
    409,
    expect.stringContaining('by clerk-sync backfill of somebody'),
  ])
  await db.query(`UPDATE clerk.backfill_runs SET finished_at = now()`)
})

test('rows, the last event of each type and the next run are shown', async () => {
  await db.query(
    `INSERT INTO clerk.webhook_events (id, type, outcome, occurred_at, received_at)
     VALUES ('msg_1', 'user.created', 'applied', now(), '2026-11-01T10:00:00Z')`,
  )
  const schedule = startSchedule(queue.location, {
    name: 'reconcile',
    cron: '17 3 * * *',
    run: async () => undefined,
    onError: () => undefined,
  })
  onTestFinished(() => schedule.close())
  // A console that has read nothing yet.
  const other = await open()
  onTestFinished(() => other.close())
  const read = async () =>
    (await (await fetch(other.url, { headers: authorization() })).text()).replaceAll(/\s+/g, ' ')
  await vi.waitFor(async () => expect(await read()).toContain('<code>17 3 * * *</code> in UTC'), {
    timeout: 5_000,
  })
  const page = await read()
  expect(page).toMatch(/users<\/span><\/th> ?<td class="number">1,200/)
  expect(page).toMatch(/<code>user\.created<\/code><\/th> ?<td ?>\s?<time datetime="2026-11-01T10/)
  expect(page).toContain('<code>user.updated</code>')
})

test('the key of another instance, and a console that is stopped, end a run with the reason', async () => {
  await db.query(`UPDATE clerk.deployment SET instance_id = 'ins_other'`)
  await press('reconcile')
  await untilHome('Reconcile failed: CLERK_SECRET_KEY is of the instance')
  await db.query('UPDATE clerk.deployment SET instance_id = NULL')

  const held = holdUsers(2)
  await press('backfill')
  await held.reached
  await board.close()
  expect(log.lines.join('')).toContain('backfill stopped')
  board = await open()
  const page = await untilHome('Resume backfill')
  expect(page).not.toContain('Backfill is running')
})

test('without a key of Clerk nothing can be started, and the page says what to set', async () => {
  const other = await openConsole(queue.location, { databaseUrl: database.url })
  onTestFinished(() => other.close())
  const page = await (await fetch(other.url, { headers: authorization() })).text()
  expect(page).toContain('<code>CLERK_SECRET_KEY</code>')
  const answer = await fetch(`${other.url}/sync/reconcile`, {
    method: 'POST',
    headers: authorization(),
  })
  expect(answer.status).toBe(404)
})
