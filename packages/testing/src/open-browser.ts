import axe from 'axe-core'
import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { findProgram } from './find-program.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
// No sandbox, because root has none. No requests to the internet.
const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/**
 * Starts the Chromium of this machine.
 *
 * @throws an Error that says how to install one.
 */
export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: findChromium(process.env), args: flags })
}

function findChromium(env: NodeJS.ProcessEnv): string {
  if (env['CHROMIUM_PATH']) return env['CHROMIUM_PATH']
  const found = findProgram(...names)
  if (found) return found
  throw new Error(
    'The browser tests need Chromium, and there is none: install the package chromium, or set CHROMIUM_PATH.',
  )
}

/**
 * What axe-core finds wrong with a page, or with the part of it that a selector names, for readers with
 * disabilities: the rule, and where.
 */
export async function findAccessibilityProblems(page: Page, part = 'html'): Promise<string[]> {
  // Not as an element of the page: its policy refuses scripts that are not its own.
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(
    async (selector) => await (globalThis as unknown as { axe: typeof axe }).axe.run(selector),
    part,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(' ')}: ${failureSummary}`),
  )
}
