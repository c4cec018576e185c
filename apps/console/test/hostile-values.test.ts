import { openBrowser } from '@clerk-sync/testing/browser'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { failJobs } from './fail-jobs.ts'
import { createTestQueue, login, openConsole, untilReady } from './open-console.ts'

const attack = `"'><img id="injected" src=x onerror="alert(1)"><script>alert(2)</script></option></td>`
const job = {
  id: `msg_${attack}`,
  type: `user.${attack}`,
  reason: `refused ${attack}`,
  data: { svixId: `msg_${attack}`, type: attack, entityId: attack, data: { first_name: attack } },
}

let browser: Awaited<ReturnType<typeof openBrowser>>

beforeAll(async () => {
  browser = await openBrowser()
})
afterAll(() => browser.close())

test.each([false, true])(
  'no text of an event becomes a part of a page, with BOARD_SHOW_DATA=%s',
  async (showData) => {
    const queue = await createTestQueue('redis')
    await failJobs(queue.location, [job])
    const board = await openConsole(queue.location, { showData })
    await untilReady(board)
    const httpCredentials = { username: login.user, password: login.password }
    const context = await browser.newContext({ httpCredentials })
    try {
      const page = await context.newPage()
      page.setDefaultTimeout(30_000)
      const dialogs: string[] = []
      let shown = ''
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message())
        void dialog.dismiss()
      })
      const { origin } = new URL(board.boardUrl)
      const search = new URLSearchParams({ type: attack, reason: attack, since: attack })
      for (const path of [
        '/board/queue/clerk-events?status=failed',
        `/board/queue/clerk-events/${encodeURIComponent(job.id)}?status=failed`,
        '/replay',
        `/replay?${search.toString()}`,
      ]) {
        await page.goto(`${origin}${path}`)
        if (path.startsWith('/board')) await page.getByText('refused').first().waitFor()
        shown += await page.content()
        expect(await page.locator('#injected').count()).toBe(0)
      }
      expect(dialogs).toEqual([])
      expect(shown.split('&lt;script&gt;alert(2)').length).toBeGreaterThan(2)
    } finally {
      await context.close()
      await board.close()
      await queue.drop()
    }
  },
  120_000,
)
