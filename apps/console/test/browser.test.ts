import { createTestDatabase } from '@clerk-sync/testing'
import type { TestDatabase } from '@clerk-sync/testing'
import type { Browser, ConsoleMessage, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { createTestQueue, login, openConsole } from './open-console.ts'
import type { TestQueue } from './open-console.ts'
import { openBrowser } from './open-browser.ts'
import { startRefusingWorker } from './refusing-worker.ts'
import type { RefusingWorker } from './refusing-worker.ts'

const userIds = ['user_one', 'user_two', 'user_three']

let browser: Browser
let database: TestDatabase
let queue: TestQueue
let board: Console
let worker: RefusingWorker
let page: Page
let problems: string[]

beforeAll(async () => {
  browser = await openBrowser()
})

afterAll(() => browser.close())

beforeEach(async () => {
  database = await createTestDatabase(inject('databaseUrl'))
  queue = await createTestQueue('redis')
  board = await openConsole(queue.location)
  worker = await startRefusingWorker({
    databaseUrl: database.url,
    queue: queue.location,
    userIds,
  })
  const { user, password } = login
  const context = await browser.newContext({ httpCredentials: { username: user, password } })
  page = await context.newPage()
  page.setDefaultTimeout(10_000)
  problems = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && !isOfJobThatLeft(message)) problems.push(message.text())
  })
})

afterEach(async () => {
  await page.context().close()
  await Promise.all([worker.stop(), board.close()])
  await Promise.all([database.drop(), queue.drop()])
})

// A job that is done leaves the queue, and the board may ask for the one that it shows once more.
function isOfJobThatLeft(message: ConsoleMessage): boolean {
  return /status of 404/.test(message.text()) && /\/clerk-events\/msg_/.test(message.location().url)
}

test('a person logs in, presses retry on the board once the cause is mended, and the row appears', async () => {
  await page.goto(`${board.boardUrl}/queue/clerk-events?status=failed`)
  const job = page.getByRole('link', { name: 'msg_user_two' })
  await job.waitFor()
  await page
    .getByText(/SQLSTATE 23514 \(.*constraint no_lovelace\)/)
    .first()
    .waitFor()
  expect(await page.content()).not.toMatch(/Ada|@example\.com/)
  await worker.mend()
  await job.click()
  // Bull Board's buttons of a job are icons without a name; on the job's own page there is one.
  const retry = page.locator('button:has(.lucide-refresh-cw)')
  await expect.poll(() => retry.count()).toBe(1)
  await retry.click()
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect.poll(() => worker.countRows(), { timeout: 10_000 }).toBe(1)
  expect(problems).toEqual([])
})

test('a person counts and replays a selection on the page for it, and the rows appear', async () => {
  await page.goto(board.boardUrl)
  await page.getByText('Replay failed jobs').click()
  await page.getByRole('heading', { name: '3 of 3 failed jobs selected' }).waitFor()
  await page.getByLabel('Type').selectOption('user.created')
  await page.getByLabel('Reason contains').fill('sqlstate 23514')
  await page.getByRole('button', { name: 'Count' }).click()
  await page.getByRole('cell', { name: /SQLSTATE 23514/ }).waitFor()
  await worker.mend()
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByRole('heading', { name: 'Done: 3 of 3 jobs replayed' }).waitFor()
  await page.getByText('No job has failed.').waitFor()
  await expect.poll(() => worker.countRows(), { timeout: 10_000 }).toBe(3)
  expect(problems).toEqual([])
})
