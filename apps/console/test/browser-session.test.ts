import { freePort } from '@clerk-sync/testing'
import { expect, test } from 'vitest'
import { clerkLogin, signSessionToken } from './clerk-session.ts'
import { openBrowser } from './open-browser.ts'
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
    const signIn = async (token: string) =>
      await context.addCookies([
        { name: '__client_uat', value: '1700000000', url },
        { name: '__session', value: token, url },
      ])
    await signIn(signSessionToken({ origin: url }))
    const page = await context.newPage()
    await page.goto(board.boardUrl)
    await page.getByText('clerk-events').first().waitFor()
    await signIn(signSessionToken({ origin: url, isForeign: true }))
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
