import { buildEventJob, everything, parseEnvelope, selectKept } from '@clerk-sync/events'
import type { EventJob } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { startConsole } from '@clerk-sync/console'
import type { Console } from '@clerk-sync/console'
import { openQueue } from '@clerk-sync/queue'
import { bullQueueOf } from '@clerk-sync/queue/bullmq'
import { openBrowser } from '@clerk-sync/testing/browser'
import type { Browser, ConsoleMessage, Page } from 'playwright-core'
import { Registry } from 'prom-client'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createChain } from '../chain/chain.ts'
import type { Chain } from '../chain/chain.ts'
import { prismaOf } from '@clerk-sync/db/prisma'

const login = { kind: 'password', user: 'operator', password: 'correct horse: battery' } as const
const userIds = ['user_one', 'user_two', 'user_three']

let browser: Browser
let chain: Chain
let board: Console
let page: Page
let problems: string[]

beforeAll(async () => {
  browser = await openBrowser()
})

afterAll(() => browser.close())

beforeEach(async () => {
  chain = await createChain('redis')
  await refuseLovelace()
  await chain.startWorker()
  await failEvents()
  board = await openConsole()
  const httpCredentials = { username: login.user, password: login.password }
  const context = await browser.newContext({ httpCredentials })
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
  await board.close()
  await chain.close()
})

async function openConsole(): Promise<Console> {
  const config = {
    queue: chain.queue,
    databaseUrl: undefined,
    login,
    showData: false,
    BOARD_PORT: 0,
    HOST: '127.0.0.1',
    OPS_PORT: 0,
    LOG_LEVEL: 'silent' as const,
    SHUTDOWN_TIMEOUT_MS: 1_000,
  }
  return await startConsole(config, { ...chain.ops, registry: new Registry() })
}

// The last name of every sample.
const refuseLovelace = () =>
  chain.db.query(
    `ALTER TABLE clerk.users ADD CONSTRAINT no_lovelace CHECK (last_name <> 'Lovelace')`,
  )
const acceptLovelace = () => chain.db.query('ALTER TABLE clerk.users DROP CONSTRAINT no_lovelace')

/** Resolves when the event of each user has failed for good. */
async function failEvents(): Promise<void> {
  const opened = openQueue(chain.queue, { onError: () => undefined })
  // A single attempt each: all of them would take an hour.
  const jobs = userIds.map(buildJob).map((data) => ({
    name: data.type,
    data,
    opts: { jobId: data.svixId, attempts: 1 },
  }))
  // The queue refuses commands until its first connection.
  await vi.waitFor(() => bullQueueOf(opened).addBulk(jobs))
  await expect
    .poll(async () => (await bullQueueOf(opened).getJobCounts('failed'))['failed'], {
      timeout: 20_000,
    })
    .toBe(userIds.length)
  await opened.close()
}

function buildJob(id: string): EventJob {
  const sample = buildSample('user.created', { id })
  const envelope = parseEnvelope(Buffer.from(JSON.stringify(sample)))
  const delivery = { svixId: `msg_${id}`, svixTimestamp: 1, receivedAt: Date.now() }
  const job = envelope && buildEventJob(selectKept(everything), envelope, delivery)
  if (!job) throw new Error('the sample is no event')
  return job
}

// A job that is done leaves the queue. The board may ask once more for the job that it shows.
function isOfJobThatLeft(message: ConsoleMessage): boolean {
  return /status of 404/.test(message.text()) && /\/clerk-events\/msg_/.test(message.location().url)
}

test('a person logs in, presses retry on the board after the cause is removed, and the row appears', async () => {
  await page.goto(`${board.boardUrl}/queue/clerk-events?status=failed`)
  const job = page.getByRole('link', { name: 'msg_user_two' })
  await job.waitFor()
  await page
    .getByText(/SQLSTATE 23514 \(.*constraint no_lovelace\)/)
    .first()
    .waitFor()
  expect(await page.content()).not.toMatch(/Ada|@example\.com/)
  await acceptLovelace()
  await job.click()
  // Bull Board's buttons of a job are icons without a name; on the job's own page there is one.
  const retry = page.locator('button:has(.lucide-refresh-cw)')
  await expect.poll(() => retry.count()).toBe(1)
  await retry.click()
  await page.getByRole('button', { name: 'Confirm' }).click()
  await expect.poll(() => prismaOf(chain.db).user.count(), { timeout: 10_000 }).toBe(1)
  expect(problems).toEqual([])
})

test('a person counts and replays a selection on the page for it, and the rows appear', async () => {
  await page.goto(board.boardUrl)
  await page.getByRole('link', { name: 'Replay', exact: true }).click()
  await page.getByRole('heading', { name: '3 of 3 failed jobs selected' }).waitFor()
  await page.getByRole('combobox', { name: 'Type' }).selectOption('user.created')
  await page.getByLabel('Reason contains').fill('sqlstate 23514')
  await page.getByRole('button', { name: 'Count' }).click()
  await page.getByRole('rowheader', { name: /SQLSTATE 23514/ }).waitFor()
  await acceptLovelace()
  await page.getByRole('button', { name: 'Replay' }).click()
  await page.getByRole('heading', { name: 'Done: 3 of 3 jobs replayed' }).waitFor()
  await page.getByText('No job has failed.').waitFor()
  await expect.poll(() => prismaOf(chain.db).user.count(), { timeout: 10_000 }).toBe(3)
  expect(problems).toEqual([])
})
