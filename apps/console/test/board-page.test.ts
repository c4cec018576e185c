import { createConsumer } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { findAccessibilityProblems, openBrowser } from '@clerk-sync/testing/browser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Console } from '../src/index.ts'
import { failJobs, openReady } from './fail-jobs.ts'
import { createTestQueue, login, openConsole, untilReady } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

type Browser = Awaited<ReturnType<typeof openBrowser>>
type Page = Awaited<ReturnType<Browser['newPage']>>
type Locator = ReturnType<Page['locator']>

const hourMs = 3_600_000
const reason = `the database refused the statement: SQLSTATE 23514 (table users, constraint users_${'x'.repeat(300)}_check)`

let queue: TestQueue
let board: Console
let browser: Browser
let page: Page
const errors: string[] = []

beforeAll(async () => {
  queue = await createTestQueue('redis')
  await failJobs(queue.location, [
    { id: 'msg_failed', reason },
    { id: 'msg_invalid', reason: 'user.updated has no data.id', isInvalid: true },
  ])
  const opened = await openReady(queue.location)
  const retried = { attempts: 5, backoff: { type: 'fixed', delay: hourMs } }
  const timestamp = Date.now() - 3 * hourMs
  await bullQueueOf(opened).add('user.updated', {}, { jobId: 'msg_late', timestamp, ...retried })
  const failed = Promise.withResolvers<void>()
  const consumer = createConsumer(queue.location, {
    concurrency: 1,
    process: () => Promise.reject(new Error('not yet')),
    onFailed: () => failed.resolve(),
    onStalled: () => undefined,
    onError: failed.reject,
  })
  await failed.promise
  await consumer.close()
  await bullQueueOf(opened).add('user.updated', {}, { jobId: 'msg_waiting' })
  await opened.close()
  board = await openConsole(queue.location)
  await untilReady(board)
  browser = await openBrowser()
  const context = await browser.newContext({
    httpCredentials: { username: login.user, password: login.password },
    timezoneId: 'Asia/Kolkata',
  })
  page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
}, 60_000)

afterAll(async () => {
  await browser.close()
  await board.close()
  await queue.drop()
})

const open = async (status: string) => {
  await page.goto(`${board.boardUrl}/queue/clerk-events?status=${status}`)
  await page.locator('[class^="jobActions"]').first().waitFor()
}
const countVisible = async (buttons: Locator) => {
  const all = await buttons.all()
  const visible = await Promise.all(all.map((button) => button.isVisible()))
  return visible.filter(Boolean).length
}
const expectAccessible = async (part: string) =>
  expect(await findAccessibilityProblems(page, part)).toEqual([])

// For people who want to see the pages.
async function screenshot(name: string): Promise<void> {
  const directory = process.env['SCREENSHOTS']
  if (directory) await page.screenshot({ path: `${directory}/${name}.png` })
}

const boxOf = async (selector: string) => {
  const box = await page.locator(selector).first().boundingBox()
  if (!box) throw new Error(`${selector} is not shown`)
  return { top: box.y, bottom: box.y + box.height }
}
const jobActions = () => countVisible(page.locator('[class^="jobActions"] button'))

test('the board has the states that a job of ours can have, and no other', async () => {
  const readLinks = async () => {
    const links = page.locator('#root a').filter({ visible: true })
    return (await links.allInnerTexts()).join(' ').toLowerCase()
  }
  await open('latest')
  expect(await readLinks()).toMatch(/latest.*active.*waiting.*failed.*delayed/s)
  expect(await readLinks()).not.toMatch(/children|prioritized|completed|paused/)
  await page.goto(board.boardUrl)
  await page.getByText('ALL', { exact: true }).waitFor()
  expect(await readLinks()).toMatch(/all.*active.*waiting.*failed.*delayed/s)
  expect(await readLinks()).not.toMatch(/children|prioritized|completed|paused/)
})

test('it has no button that the console refuses, and says what is lost by Clean all', async () => {
  await open('waiting')
  // Remove.
  expect(await jobActions()).toBe(1)
  await open('delayed')
  // Promote, reschedule, remove.
  expect(await jobActions()).toBe(3)
  const queueButtons = page.locator('[class^="queueActions"] button')
  await expect.poll(() => queueButtons.count()).toBe(2)
  expect(await queueButtons.first().innerText()).toBe('Promote all')
  expect(await countVisible(queueButtons)).toBe(1)
  await open('failed')
  // Retry, remove, for two jobs.
  expect(await jobActions()).toBe(4)
  expect(await queueButtons.allInnerTexts()).toEqual(['Retry all', 'Clean all'])
  await page.getByRole('button', { name: 'Clean all' }).click()
  await page.getByText('Each event is lost: Clerk counts it as delivered.').waitFor()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await page.locator('button:has(.lucide-ellipsis-vertical)').click()
  const menu = page.getByRole('menuitem')
  await menu.first().waitFor()
  expect(await menu.filter({ visible: true }).allInnerTexts()).toEqual([
    'Retry all 2 failed jobs',
    'Pause',
    'Set concurrency',
    'Set rate limit',
  ])
})

test('a delayed job shows when it runs next, in the zone of the browser', async () => {
  await open('delayed')
  const text = await page.getByText('Will run at').locator('..').innerText()
  expect(text).toMatch(/\d{2}:\d{2}:\d{2}.*GMT\+5:30.*next attempt/s)
  expect(text).not.toContain('unknown')
})

test.each(['light', 'dark'] as const)(
  'in %s colours the header of all pages stands above the board, and is accessible',
  async (colorScheme) => {
    await page.emulateMedia({ colorScheme })
    for (const [name, width] of [
      ['desktop', 1_280],
      ['phone', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 800 })
      await open('failed')
      const header = await boxOf('#console-header')
      const boardHeader = await boxOf('#root header')
      expect(boardHeader.top).toBeCloseTo(header.bottom, 0)
      expect((await boxOf('#root [class^="jobActions"]')).top).toBeGreaterThan(boardHeader.bottom)
      const overflow = 'document.documentElement.scrollWidth - innerWidth'
      expect(await page.evaluate<number>(overflow)).toBeLessThanOrEqual(0)
      expect(await page.locator('body.dark-mode').count()).toBe(colorScheme === 'dark' ? 1 : 0)
      await expect.poll(() => page.locator('.hljs').count()).toBeGreaterThan(0)
      const wordBreak = `getComputedStyle(document.querySelector('.hljs')).wordBreak`
      expect(await page.evaluate<string>(wordBreak)).toBe('normal')
      await screenshot(`board-${colorScheme}-${name}`)
    }
    await expectAccessible('#console-header')
    const current = page.locator('#console-header a[aria-current="page"]')
    expect(await current.innerText()).toBe('Board')
    await page.getByRole('link', { name: 'Replay', exact: true }).click()
    await page.getByRole('heading', { name: '1 of 2 failed jobs selected' }).waitFor()
    await expectAccessible('html')
    await screenshot(`replay-${colorScheme}`)
    await page.goto(new URL('/nowhere', board.boardUrl).href)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor()
    await expectAccessible('html')
    await screenshot(`error-${colorScheme}`)
    // The browser reports the status of the page.
    expect(errors.splice(0).join()).toMatch(/^Failed to load resource: .*404/)
  },
)

test('the browser refuses nothing of the page', () => {
  expect(errors).toEqual([])
})
