import { startConsole } from '@clerk-sync/console'
import type { Console } from '@clerk-sync/console'
import { createDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { migrate } from '@clerk-sync/db/migrate'
import { choiceOf, selectKept } from '@clerk-sync/events'
import { createFakeClerk } from '@clerk-sync/fake-clerk'
import { createLogger } from '@clerk-sync/ops/process'
import { parseRedisUrl } from '@clerk-sync/queue'
import { saveSettings } from '@clerk-sync/sync'
import { findAccessibilityProblems, openBrowser } from '@clerk-sync/testing/browser'
import { Registry } from 'prom-client'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { expect, inject, onTestFinished, test } from 'vitest'

const login = { kind: 'password', user: 'operator', password: 'correct horse: battery' } as const

async function openDatabase(): Promise<{ url: string; db: Database }> {
  const database = await createMigratedDatabase(migrate)
  onTestFinished(() => database.drop())
  const db = createDatabase({ url: database.url, maxConnections: 2 })
  onTestFinished(() => db.close())
  await saveSettings(db, { deletionPolicy: 'erase', choice: choiceOf(selectKept()) })
  return { url: database.url, db }
}

async function openConsole(
  databaseUrl: string,
  clerk: { url: string; secretKey: string },
): Promise<Console> {
  const config = {
    queue: {
      kind: 'redis' as const,
      address: parseRedisUrl(inject('redisUrl')),
      prefix: `{sync-${process.pid}-${Date.now()}}`,
    },
    login,
    databaseUrl,
    clerk: { secretKey: clerk.secretKey, apiUrl: clerk.url, instanceId: undefined },
    showData: false,
    BOARD_PORT: 0,
    HOST: '127.0.0.1',
    OPS_PORT: 0,
    LOG_LEVEL: 'silent' as const,
    SHUTDOWN_TIMEOUT_MS: 1_000,
  }
  const logger = createLogger({ name: 'test', level: 'silent' })
  const board = await startConsole(config, { logger, registry: new Registry() })
  onTestFinished(() => board.close())
  return board
}

test('a person backfills, sees it go on without loading the page, reconciles and repairs', async () => {
  const { url, db } = await openDatabase()
  const clerk = await createFakeClerk({ generatedUsers: 1_200, generatedOrganizations: 2 })
  onTestFinished(() => clerk.close())
  const board = await openConsole(url, clerk)
  const browser = await openBrowser()
  onTestFinished(() => browser.close())
  const context = await browser.newContext({
    httpCredentials: { username: login.user, password: login.password },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  const letGo = Promise.withResolvers<void>()
  const stopHolding = clerk.faults.beforeAnswer('/v1/users', async (answering) => {
    if (answering.page === 3) await letGo.promise
  })
  onTestFinished(() => letGo.resolve())

  await page.goto(board.url)
  await page.getByRole('button', { name: 'Backfill' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Backfill is running' }).waitFor()
  await page.getByRole('cell', { name: '1,000 of 1,200' }).waitFor()
  const sections = () => ['#sync', '#synced'].map((id) => page.locator(id))
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await findAccessibilityProblems(page)).toEqual([])
  }
  stopHolding()
  letGo.resolve()
  await page.getByRole('heading', { name: /Backfill done: [\d,]+ new/ }).waitFor()

  await db.query(`DELETE FROM clerk.users WHERE id IN (SELECT id FROM clerk.users LIMIT 2)`)
  await page.getByRole('button', { name: 'Reconcile' }).click()
  await page.getByRole('heading', { name: 'Reconcile done: 2 rows differ' }).waitFor()
  for (const section of sections())
    await section
      .getByText(/2( rows)? differ/)
      .first()
      .waitFor()
  await page.getByRole('link', { name: 'Repair…' }).click()
  await page.getByRole('textbox', { name: 'Delete limit' }).fill('2%')
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    expect(await findAccessibilityProblems(page)).toEqual([])
  }
  await page.getByRole('button', { name: 'Repair' }).click()
  await page
    .getByRole('heading', { name: 'Repair done: 2 rows repaired, 0 still differ' })
    .waitFor()
  const [row] = await db.query<{ count: number }>('SELECT count(*)::int AS count FROM clerk.users')
  expect(row?.count).toBe(1_200)
  expect(problems).toEqual([])
}, 120_000)
