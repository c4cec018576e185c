import { applyChanges, createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { changeFromEvent, everything, selectKept } from '@clerk-sync/events'
import { findAccessibilityProblems, openBrowser } from '@clerk-sync/testing/browser'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { failJobs } from './fail-jobs.ts'
import {
  authorization,
  createTestQueue,
  login,
  openConsole,
  recordLog,
  untilReady,
} from './open-console.ts'

const noon = Date.UTC(2026, 0, 1, 12)
const attack = `"'><img id="injected" src=x onerror="alert(1)"><script>alert(2)</script></td>`
const user = 'user_2abc'
const address = 'ada@example.com'
const events = 120

const { lines, logger } = recordLog()
const closing: (() => Promise<void>)[] = []
let hiding: Console
let showing: Console
let withoutDatabase: Console
let unavailable: Console

const event = (svixId: string, type: string, data: { id: string; [field: string]: unknown }) => ({
  svixId,
  type,
  occurredAt: noon,
  receivedAt: noon + 200,
  entityId: data.id,
  userId: user,
  clientIp: '203.0.113.7',
  data: { updated_at: noon, ...data },
})

beforeAll(async () => {
  const database = await createMigratedDatabase(migrate)
  const db = createDatabase({ url: database.url, maxConnections: 2 })
  await fill(db)
  const queue = await createTestQueue('redis')
  await failJobs(queue.location, [
    {
      id: 'msg_failed',
      type: 'session.created',
      reason: `refused "${address}" ${attack}`,
      data: event('msg_failed', 'session.created', { id: 'sess_1', user_id: user }),
    },
  ])
  const open = async (databaseUrl: string | undefined, showData = false) => {
    const board = await openConsole(queue.location, { databaseUrl, showData }, logger)
    await untilReady(board)
    closing.push(() => board.close())
    return board
  }
  hiding = await open(database.url)
  showing = await open(database.url, true)
  withoutDatabase = await open(undefined)
  unavailable = await open('postgresql://127.0.0.1:1/postgres')
  closing.push(
    () => db.close(),
    () => database.drop(),
    () => queue.drop(),
  )
})

afterAll(async () => {
  for (const close of closing) await close()
})

async function fill(db: Database): Promise<void> {
  const kept = selectKept(everything)
  const updates = Array.from({ length: events - 4 }, (_, at) => ({
    ...event(`msg_update${at}`, 'user.updated', { id: 'user_other', first_name: `Grace ${at}` }),
    userId: 'user_other',
    receivedAt: noon + at * 1_000,
  }))
  const all = [
    event('msg_1', 'user.created', {
      id: user,
      first_name: attack,
      last_name: 'Lovelace',
      primary_email_address_id: 'idn_1',
      email_addresses: [{ id: 'idn_1', email_address: address }],
      public_metadata: { [attack]: attack },
    }),
    event('msg_2', 'organization.created', { id: 'org_1', name: attack }),
    event('msg_3', 'organizationMembership.created', {
      id: 'orgmem_1',
      organization: { id: 'org_1' },
      public_user_data: { user_id: user },
    }),
    event('msg_4', attack, { id: attack }),
    ...updates,
  ]
  const changes = all.map((one) => changeFromEvent(kept, one))
  const results = await applyChanges(db, changes, { deletionPolicy: 'erase', auditValues: true })
  expect(results.every(({ ok }) => ok)).toBe(true)
}

async function get(board: Console, path: string) {
  const answer = await fetch(new URL(path, board.boardUrl), { headers: authorization() })
  const page = await answer.text()
  return { status: answer.status, page, text: page.replaceAll(/<[^>]*>|\s+/g, ' ') }
}

describe('a person', () => {
  test('is shown with history, failed jobs and a deletion, and without personal values', async () => {
    const { status, page, text } = await get(hiding, `/people?q=${user}`)
    expect(status).toBe(200)
    expect(page).not.toMatch(/Lovelace|ada@example|203\.0\.113/)
    expect(text).toMatch(/first_name +hidden/)
    expect(text).toContain('BOARD_SHOW_DATA=true shows them')
    expect(text).toMatch(/What a deletion would do, with DELETION_POLICY= ?erase/)
    expect(text).toContain('organization_memberships: 1 row')
    expect(page).toContain('href="/board/queue/clerk-events/msg_failed?status=failed"')
    expect(page).toContain('href="/replay"')
    expect(text).toContain('organizationMembership.created')
  })

  test('is shown with every value, and found by address, with BOARD_SHOW_DATA=true', async () => {
    const byAddress = await get(showing, `/people?q=${encodeURIComponent('ADA@example.com')}`)
    expect(byAddress.status).toBe(200)
    expect(byAddress.text).toMatch(/Lovelace.*Failed jobs: 1.*refused &quot;ada@example\.com/s)

    const refused = await get(hiding, `/people?q=${encodeURIComponent(address)}`)
    expect(refused.status).toBe(403)
    expect(refused.text).toContain('searching by one needs BOARD_SHOW_DATA=true')
    expect(refused.page).not.toContain(address)
  })

  test('who looked is in the log with the id, and no address', async () => {
    lines.length = 0
    await get(hiding, `/people?q=${user}`)
    await get(showing, `/people?q=${encodeURIComponent(address)}`)
    await get(hiding, '/people?q=user_nobody')
    await get(hiding, `/events?id=${user}`)
    const logged = lines.map((line) => JSON.parse(line) as object)
    expect(logged).toMatchObject([
      { operator: login.user, id: user, found: [user] },
      { operator: login.user, byAddress: true, found: [user] },
      { operator: login.user, id: 'user_nobody', found: [] },
      { operator: login.user, id: user, msg: 'events of an id read on the console' },
    ])
    expect(lines.join('')).not.toContain(address)
  })

  test('of whom nothing is known', async () => {
    const { status, text } = await get(hiding, '/people?q=user_nobody')
    expect(status).toBe(404)
    expect(text).toMatch(/no row, no tombstone and no event of +user_nobody/)
  })
})

describe('events', () => {
  const older = (page: string) => /href="(\/events\?[^"]*before=[^"]*)"/.exec(page)?.[1]

  test('are read page by page, each once', async () => {
    const ids: string[] = []
    let next: string | undefined = '/events'
    while (next) {
      const { page } = await get(hiding, next)
      ids.push(...Array.from(page.matchAll(/<code>(msg_[^<]*)/g), ([, id = '']) => id))
      next = older(page)?.replaceAll('&amp;', '&')
    }
    expect(ids).toHaveLength(events)
    expect(new Set(ids).size).toBe(events)
  })

  test('are selected by id, type, outcome and time', async () => {
    const found = async (query: object) => {
      const fields = new URLSearchParams({ ...query })
      const { page } = await get(hiding, `/events?${fields.toString()}`)
      return page.split('<code>msg_').length - 1
    }
    expect(await found({ id: user })).toBe(4)
    expect(await found({ id: 'msg_update7' })).toBe(1)
    expect(await found({ type: 'user.created' })).toBe(1)
    expect(await found({ outcome: 'deleted' })).toBe(0)
    const [from, to] = ['2026-01-01T12:01:30', '2026-01-01T12:01:39']
    expect(await found({ type: 'user.updated', from, to })).toBe(10)
    expect((await get(hiding, '/events?from=yesterday')).status).toBe(400)
    const missing = await get(hiding, '/events?id=msg_missing')
    expect(missing.page).toContain('/board/queue/clerk-events/msg_missing')
  })
})

test('without a database the pages say what to set, and with one that is unavailable what is wrong', async () => {
  for (const path of ['/people', `/people?q=${user}`, '/events']) {
    const missing = await get(withoutDatabase, path)
    expect(missing.status).toBe(503)
    expect(missing.text).toContain('Set DATABASE_URL for the console')
  }
  for (const path of [`/people?q=${user}`, '/events']) {
    const problem = await get(unavailable, path)
    expect(problem.status).toBe(503)
    expect(problem.text).toMatch(/The tables can&#39;t be read now: .*ECONNREFUSED/)
  }
  expect((await get(unavailable, '/replay')).text).toContain('1 of 1 failed job selected')
  await unavailable.checks[0]?.run()
})

test('the pages have no accessibility problems in either theme, and no text becomes a part of them', async () => {
  const browser = await openBrowser()
  try {
    const httpCredentials = { username: login.user, password: login.password }
    const context = await browser.newContext({ httpCredentials })
    const page = await context.newPage()
    const dialogs: string[] = []
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message())
      void dialog.dismiss()
    })
    const hostile = new URLSearchParams({ id: attack, type: attack, outcome: attack })
    for (const path of [
      `/people?q=${user}`,
      `/people?q=${encodeURIComponent(attack)}`,
      `/events?id=${user}`,
      `/events?${hostile.toString()}`,
    ]) {
      await page.goto(new URL(path, showing.boardUrl).href)
      for (const summary of await page.locator('summary').all()) await summary.click()
      expect(await page.locator('#injected').count()).toBe(0)
      // Only tables scroll sideways.
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
      await page.setViewportSize({ width: 1280, height: 900 })
      if (!path.endsWith(user)) continue
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        expect(await findAccessibilityProblems(page)).toEqual([])
      }
    }
    expect(dialogs).toEqual([])
  } finally {
    await browser.close()
  }
}, 120_000)
