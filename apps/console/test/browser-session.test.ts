import { freePort } from '@clerk-sync/testing'
import { openBrowser } from '@clerk-sync/testing/browser'
import { expect, test } from 'vitest'
import { clerkLogin, sessionCookies } from './clerk-session.ts'
import { failJobs } from './fail-jobs.ts'
import { createTestQueue, openConsole, untilReady } from './open-console.ts'

test('a session that ends while the board is open leads to the sign-in page, not to silence', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const queue = await createTestQueue('redis')
  const login = { ...clerkLogin, url }
  const board = await openConsole(queue.location, { login, BOARD_PORT: port })
  await untilReady(board)
  const browser = await openBrowser()
  try {
    const context = await browser.newContext()
    await context.addCookies(sessionCookies(url))
    const page = await context.newPage()
    await page.goto(board.boardUrl)
    await page.getByText('clerk-events').first().waitFor()
    await context.addCookies(sessionCookies(url, { isForeign: true }))
    // The board asks for the jobs every five seconds.
    const heading = page.getByRole('heading', { name: 'Your session could not be verified' })
    await heading.waitFor({ timeout: 15_000 })
    expect(await page.getByRole('link', { name: 'Sign in' }).getAttribute('href')).toContain(
      'https://accounts.example.com/sign-in?redirect_url=',
    )
  } finally {
    await browser.close()
    await board.close()
    await queue.drop()
  }
})

test('a selection is kept while Clerk renews the session in which it was made', async () => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const queue = await createTestQueue('redis')
  await failJobs(queue.location, [
    { id: 'msg_1', type: 'user.created' },
    { id: 'msg_2', type: 'user.updated' },
  ])
  const board = await openConsole(queue.location, {
    login: { ...clerkLogin, url },
    BOARD_PORT: port,
  })
  await untilReady(board)
  const browser = await openBrowser()
  try {
    const context = await browser.newContext()
    await context.route('https://clerk.example.com/**', async (route) => {
      await context.addCookies(sessionCookies(url))
      const location = new URL(route.request().url()).searchParams.get('redirect_url') ?? ''
      await route.fulfill({ status: 302, headers: { location } })
    })
    await context.addCookies(sessionCookies(url))
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    await page.goto(`${url}/replay`)
    await page.getByRole('combobox', { name: 'Type' }).selectOption('user.created')
    await context.addCookies(sessionCookies(url, { expiredForSeconds: 30 }))
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByText('Your session was renewed').waitFor()
    expect(await page.getByRole('combobox', { name: 'Type' }).inputValue()).toBe('user.created')
    await page.getByRole('button', { name: 'Replay' }).click()
    await page.getByRole('heading', { name: '1 of 1 jobs replayed' }).waitFor()
  } finally {
    await browser.close()
    await board.close()
    await queue.drop()
  }
})
