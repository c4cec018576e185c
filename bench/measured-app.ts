import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '@clerk-sync/testing'
import { readPeak } from './measure-command.ts'

const startTimeoutMs = 60_000
const pollMs = 50

/** ingest or a worker as a process of its own, as it runs in production. */
export interface MeasuredApp {
  /** CPU time of user and system since its start. */
  readCpuSeconds(): Promise<number>
  /** The most memory that it ever held; 0 where the system has no /proc. */
  readPeakMegabytes(): number
  /** @throws an Error when it has ended. */
  assertRunning(): void
  stop(): Promise<void>
}

/**
 * Starts an app and waits until it is ready.
 *
 * @throws an Error when it ends before, and the reason of `signal` when it is aborted.
 */
export async function startApp(
  name: 'ingest' | 'worker',
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<MeasuredApp> {
  const opsUrl = `http://127.0.0.1:${await freePort()}`
  const script = fileURLToPath(new URL(`../apps/${name}/src/main.ts`, import.meta.url))
  const common = { HOST: '127.0.0.1', OPS_PORT: new URL(opsUrl).port, LOG_LEVEL: 'warn' }
  const child = spawn(process.execPath, [script], {
    env: { PATH: process.env['PATH'], ...common, ...env },
    // The table alone is on stdout.
    stdio: ['ignore', process.stderr, process.stderr],
  })
  const ended = once(child, 'exit')

  function assertRunning(): void {
    const { exitCode, signalCode } = child
    if (exitCode !== null || signalCode !== null) {
      throw new Error(`${name} ended with ${exitCode ?? signalCode}`)
    }
  }

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    await ended
  }

  async function waitUntilReady(): Promise<void> {
    const deadline = Date.now() + startTimeoutMs
    for (;;) {
      signal.throwIfAborted()
      assertRunning()
      const answer = await fetch(`${opsUrl}/readyz`).catch(() => undefined)
      if (answer?.ok) return
      if (Date.now() > deadline) throw new Error(`${name} is not ready: ${await answer?.text()}`)
      await sleep(pollMs)
    }
  }

  try {
    await waitUntilReady()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    async readCpuSeconds() {
      const metrics = await (await fetch(`${opsUrl}/metrics`)).text()
      const [, seconds] = /^process_cpu_seconds_total(?:\{.*\})? (\S+)$/m.exec(metrics) ?? []
      if (seconds === undefined) throw new Error(`${name} does not tell its CPU time`)
      return Number(seconds)
    },
    readPeakMegabytes: () => readPeak(child.pid),
    assertRunning,
    stop,
  }
}
