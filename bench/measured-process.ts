import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { retry } from '@clerk-sync/ops'
import { freePort } from '@clerk-sync/testing'
import { readPeak } from './measure-command.ts'

const startTimeoutMs = 60_000
const pollMs = 50
// As the image starts them. What they are compared with has Node's defaults, as people start it.
const optionsOfApps = ['--v8-pool-size=1']
// USER_HZ of Linux on every platform that Node.js supports.
const ticksPerSecond = 100

/** A process whose CPU time and memory are measured. */
export interface MeasuredProcess {
  /** CPU time of user and system since its start, with its children that have ended, in seconds. */
  readCpuSeconds(): number
  /** The most memory that it ever held; 0 where the system has no /proc. */
  readPeakMegabytes(): number
  /** @throws an Error when it has ended. */
  assertRunning(): void
  stop(): Promise<void>
}

/** Starts ingest or a worker as it runs in production, and waits until it is ready. */
export async function startApp(
  name: 'ingest' | 'worker',
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<MeasuredProcess> {
  const opsPort = await freePort()
  const script = fileURLToPath(new URL(`../apps/${name}/src/main.ts`, import.meta.url))
  // It is asked whether it is ready before it is, which it warns of.
  const common = { HOST: '127.0.0.1', OPS_PORT: String(opsPort), LOG_LEVEL: 'error' }
  const readyUrl = `http://127.0.0.1:${opsPort}/readyz`
  return await startScript([...optionsOfApps, script], { ...common, ...env }, readyUrl, signal)
}

/** Starts what people run without clerk-sync: one of the programs in baselines.ts. */
export async function startBaseline(
  name: string,
  env: Record<string, string>,
  signal: AbortSignal,
): Promise<MeasuredProcess> {
  const script = fileURLToPath(new URL('./baselines.ts', import.meta.url))
  const readyPort = await freePort()
  const readyUrl = `http://127.0.0.1:${readyPort}/`
  return await startScript([script, name], { ...env, READY_PORT: `${readyPort}` }, readyUrl, signal)
}

async function startScript(
  args: readonly string[],
  env: Record<string, string>,
  readyUrl: string,
  signal: AbortSignal,
): Promise<MeasuredProcess> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
    // The table alone is on stdout.
    stdio: ['ignore', process.stderr, process.stderr],
  })
  const ended = once(child, 'exit')

  function assertRunning(): void {
    const { exitCode, signalCode } = child
    if (exitCode !== null || signalCode !== null) {
      throw new Error(`${args.join(' ')} ended with ${exitCode ?? signalCode}`)
    }
  }

  async function stop(): Promise<void> {
    child.kill('SIGTERM')
    await ended
  }

  async function assertReady(): Promise<void> {
    assertRunning()
    const answer = await fetch(readyUrl)
    if (!answer.ok) throw new Error(`${args.join(' ')} is not ready: ${await answer.text()}`)
  }

  try {
    await retry(assertReady, {
      firstDelayMs: pollMs,
      timeoutMs: startTimeoutMs,
      isRetryable: () => child.exitCode === null && child.signalCode === null,
      signal,
    })
  } catch (error) {
    await stop()
    throw error
  }
  return {
    readCpuSeconds: () => cpuSecondsOf(child.pid ?? 0),
    readPeakMegabytes: () => readPeak(child.pid),
    assertRunning,
    stop,
  }
}

/** CPU time of a server with all its processes, also of those that have ended, in seconds. */
export function cpuSecondsOfTree(pid: number): number {
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  const live = children.filter((child) => parentOf(Number(child)) === pid)
  return live.reduce((sum, child) => sum + cpuSecondsOf(Number(child)), cpuSecondsOf(pid))
}

function cpuSecondsOf(pid: number): number {
  const fields = readStat(pid)
  // utime, stime, cutime and cstime: see proc(5).
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return ticks / ticksPerSecond
}

const parentOf = (pid: number) => Number(readStat(pid)[1])

// The fields behind the program's name, which may hold anything. None when the process has ended.
function readStat(pid: number): string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    return []
  }
}
