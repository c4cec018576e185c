import { setTimeout as sleep } from 'node:timers/promises'
import type { App } from '@clerk-sync/ops/process'

const timeoutMs = 30_000
const pauseMs = 50

/** Waits until every check of every app passes. @throws an Error that says what is missing. */
export async function untilReady(apps: readonly App[]): Promise<void> {
  const deadline = Date.now() + timeoutMs
  for (const check of apps.flatMap((app) => app.checks)) {
    for (;;) {
      try {
        await check.run()
        break
      } catch (cause) {
        if (Date.now() < deadline) await sleep(pauseMs)
        else throw new Error(`${check.name}: ${String(cause)}`, { cause })
      }
    }
  }
}
