import { createLogger } from '@clerk-sync/ops/process'
import { openQueue, reportProcess } from '@clerk-sync/queue'
import type { OpenQueue } from '@clerk-sync/queue'
import { findAccessibilityProblems, openBrowser } from '@clerk-sync/testing/browser'
import { Counter, Histogram, Registry } from 'prom-client'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  expect,
  onTestFinished,
  test,
  vi,
} from 'vitest'
import type { Console } from '../src/index.ts'
import { failJobs } from './fail-jobs.ts'
import { authorization, createTestQueue, login, openConsole, untilReady } from './open-console.ts'
import type { TestQueue } from './open-console.ts'

type Browser = Awaited<ReturnType<typeof openBrowser>>
type Page = Awaited<ReturnType<Browser['newPage']>>

let browser: Browser
let queue: TestQueue
let opened: OpenQueue
let board: Console

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

beforeEach(async () => {
  queue = await createTestQueue('redis')
  opened = openQueue(queue.location, { onError: () => undefined })
  board = await openConsole(queue.location)
  await untilReady(board)
})
afterEach(async () => {
  await board.close()
  await opened.close()
  await queue.drop()
})

/** Another process: its checks are given, and its metrics are in its registry. */
function startProcess(app: Omit<Parameters<typeof reportProcess>[2], 'checks'>, problems = ['']) {
  const registry = new Registry()
  const ops = { registry, logger: createLogger({ name: 'test', level: 'silent' }) }
  const run = async () => {
    if (problems[0]) throw new Error(problems[0])
  }
  const checks = [{ name: 'database', run }]
  const reporting = reportProcess(ops, opened, { ...app, checks }, { everyMs: 50 })
  onTestFinished(() => reporting.stop())
  return registry
}

function countEvents(registry: Registry): void {
  const registers = [registry]
  const [type, name] = ['user.created', 'clerk_sync_worker_event_to_row_seconds']
  const labelNames = ['type', 'outcome']
  const events = new Counter({
    name: 'clerk_sync_worker_events_total',
    help: '.',
    labelNames,
    registers,
  })
  const lag = new Histogram({ name, help: '.', buckets: [0.1, 0.5, 1], registers })
  events.inc({ type, outcome: 'applied' }, 1_200)
  events.inc({ type, outcome: 'duplicate' }, 34)
  for (let n = 0; n < 100; n++) lag.observe(0.3)
}

async function openPage(options: Parameters<Browser['newContext']>[0] = {}): Promise<Page> {
  const httpCredentials = { username: login.user, password: login.password }
  const context = await browser.newContext({ httpCredentials, ...options })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  return page
}

/** Waits until the page that the server sends has this text. */
async function untilServed(text: RegExp): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await (await fetch(board.url, { headers: authorization() })).text()).toMatch(text),
    10_000,
  )
}

const refresh = (page: Page) =>
  page.evaluate(`document.dispatchEvent(new Event('visibilitychange'))`)

test('an operator sees what is wrong and how to cure it, and sees it end without a reload', async () => {
  const problems = ['the tables are missing: run clerk-sync migrate']
  startProcess({ name: 'worker' }, problems)
  startProcess({ name: 'ingest', secrets: ['0a1b2c3d'] })
  await untilServed(/0a1b2c3d[^]*run clerk-sync migrate|run clerk-sync migrate[^]*0a1b2c3d/)
  const page = await openPage()
  const errors: string[] = []
  page.on('pageerror', ({ message }) => errors.push(message))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  await page.goto(board.url)
  const health = page.getByRole('region', { name: 'Health' })
  await health
    .getByText(/^worker on .*, database: the tables are missing: run clerk-sync migrate/)
    .waitFor()
  await health.getByText('not ready').waitFor()
  const region = page.getByRole('region', { name: 'Processes' })
  await region.focus()
  problems.pop()
  await untilServed(/Every process can do its work/)
  await refresh(page)
  await health.getByText('Every process can do its work').waitFor()
  expect(await page.locator(':focus').getAttribute('aria-label')).toBe('Processes')
  expect(errors).toEqual([])
})

test('without a worker or ingest the page says so, and how to start one', async () => {
  const page = await openPage()
  await page.goto(board.url)
  const problems = page.getByRole('region', { name: 'Health' }).getByRole('listitem')
  expect(await problems.allTextContents()).toEqual([
    expect.stringMatching(/^No worker reports: .*Start a worker/),
    expect.stringMatching(/^No ingest reports: .*Start ingest/),
  ])
})

test('the numbers are in a table without JavaScript, and times are UTC', async () => {
  countEvents(startProcess({ name: 'worker' }))
  await untilServed(/1,234/)
  const page = await openPage({ javaScriptEnabled: false, timezoneId: 'Asia/Tokyo' })
  await page.goto(board.url)
  const table = page.getByRole('region', { name: 'Events and deliveries' })
  expect(await table.getByRole('row', { name: /^Events 1,234 1,234 1,234/ }).count()).toBe(1)
  expect(await table.getByRole('row', { name: /^duplicate 34 34 34/ }).count()).toBe(1)
  // 100 events between 0.1 and 0.5 s.
  expect(await table.getByRole('row', { name: /^Event to row: .* 300 ms, 496 ms/ }).count()).toBe(1)
  await page.getByText('Times: UTC').waitFor()
  expect(await page.locator('.plot').first().isVisible()).toBe(false)
})

test('a failed job is shown by its reason without its values, and the way leads to its replay', async () => {
  await failJobs(queue.location, [
    {
      id: 'msg_1',
      type: 'user.created',
      reason: 'SQLSTATE 23514 (value "ada@example.com" refused)',
    },
    { id: 'msg_2', type: 'user.updated', reason: 'another reason' },
  ])
  await untilServed(/2 failed/)
  const page = await openPage({ timezoneId: 'Asia/Tokyo' })
  await page.goto(board.url)
  expect(await page.content()).not.toContain('ada@')
  await page.getByRole('link', { name: /^Replay: SQLSTATE 23514/ }).click()
  await page.getByRole('heading', { name: '1 of 2 failed jobs selected' }).waitFor()
  await page.getByText('Times: Asia/Tokyo').waitFor()
  // A time that is typed in the reader's zone is sent in UTC.
  await page.getByLabel('Failed to (Asia/Tokyo)').fill('2030-01-01T09:00')
  await page.getByRole('button', { name: 'Count' }).click()
  await page.waitForURL(/to=2030-01-01T00%3A00/)
  expect(await page.getByLabel('Failed to (Asia/Tokyo)').inputValue()).toBe('2030-01-01T09:00')
})

test.each(['light', 'dark'] as const)(
  'the pages have no fault that axe finds, and all can be reached by keyboard, in the %s theme',
  async (colorScheme) => {
    countEvents(startProcess({ name: 'worker' }, ['run clerk-sync migrate']))
    await failJobs(queue.location, [{ id: 'msg_1', type: 'user.created', reason: 'refused' }])
    await untilServed(/1,234[^]*1 failed/)
    const page = await openPage({ colorScheme, viewport: { width: 390, height: 800 } })
    for (const path of ['/', '/replay']) {
      await page.goto(`${board.url}${path}`)
      if (path === '/') await page.locator('.plot canvas').first().waitFor()
      expect(await findAccessibilityProblems(page)).toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    }
    await page.goto(board.url)
    const reached: string[] = []
    for (let n = 0; n < 12; n++) {
      await page.keyboard.press('Tab')
      reached.push(await page.evaluate<string>('document.activeElement.textContent.trim()'))
    }
    expect(reached.slice(0, 2)).toEqual(['Skip to the content', 'Home'])
    expect(reached).toEqual(
      expect.arrayContaining(['Replay', 'Board', 'The numbers of the last day', 'Replay…']),
    )
  },
  60_000,
)
