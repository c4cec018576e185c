import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment } from '@clerk-sync/testing'
import type { FaultProxy } from '@clerk-sync/testing'

const readyTimeoutMs = 180_000
const pollMs = 100
const respawnAfterMs = 1_000

export type Role = 'ingest' | 'worker'

/** One ingest or worker as production runs it, started again whenever it ends. */
export interface AppProcess {
  readonly role: Role
  readonly name: string
  /** Where it answers /livez and /readyz. */
  readonly opsUrl: string
  /** The ways to its servers. */
  readonly links: readonly FaultProxy[]
  /** When it was started, for the first time and again. */
  readonly starts: readonly number[]
  readonly signal: (signal: NodeJS.Signals) => void
  /** Ends it by a signal, and resolves when another one runs in its place. */
  readonly restart: (signal: NodeJS.Signals, env?: Record<string, string>) => Promise<void>
  readonly isReady: () => Promise<boolean>
  /** @throws Error when it is not in time. */
  readonly untilReady: () => Promise<void>
  readonly memory: () => ProcessMemory
  readonly stop: () => Promise<void>
}

/** What a process uses now; zeros where the system has no /proc. */
export interface ProcessMemory {
  readonly megabytes: number
  readonly handles: number
}

export interface AppProcessOptions {
  readonly role: Role
  readonly name: string
  readonly env: Record<string, string>
  readonly links: readonly FaultProxy[]
  readonly logFile: string
  readonly onLine: (line: LogLine) => void
  /** It ended without being asked to. */
  readonly onCrash: (name: string, how: string) => void
}

/** A line of an app's log, or what else it wrote. */
export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** Starts it. The caller stops it. */
export async function startAppProcess(options: AppProcessOptions): Promise<AppProcess> {
  const { role, name, env, links } = options
  const script = join(import.meta.dirname, `../../apps/${role}/src/main.ts`)
  const opsUrl = `http://127.0.0.1:${env['OPS_PORT']}`
  const readyUrl = `${opsUrl}/readyz`
  const log = createWriteStream(options.logFile, { flags: 'a' })
  const starts: number[] = []
  let stopping = false
  let expected = false
  let child = start()

  function start(more: Record<string, string> = {}): ChildProcess {
    const started = spawn(process.execPath, [script], {
      // A group of its own: Ctrl-C reaches only us.
      detached: true,
      env: childEnvironment({ HOST: '127.0.0.1', LOG_LEVEL: 'warn', ...env, ...more }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    starts.push(Date.now())
    for (const stream of [started.stdout, started.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        log.write(`${line}\n`)
        options.onLine(parseLine(line))
      })
    }
    started.once('exit', (code, signal) => void replace(started, `${code ?? signal}`))
    return started
  }

  async function replace(ended: ChildProcess, how: string): Promise<void> {
    if (expected || stopping || ended !== child) return
    options.onCrash(name, how)
    await sleep(respawnAfterMs)
    if (!stopping && !expected && ended === child) child = start()
  }

  const hasEnded = () => child.exitCode !== null || child.signalCode !== null
  const endNow = () => void (hasEnded() || child.kill('SIGKILL'))
  process.once('exit', endNow)

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hasEnded()) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  async function isReady(): Promise<boolean> {
    const signal = AbortSignal.timeout(5_000)
    return await fetch(readyUrl, { signal }).then(
      (answer) => answer.ok,
      () => false,
    )
  }

  return {
    role,
    name,
    opsUrl,
    links,
    starts,
    signal: (signal) => void (hasEnded() || child.kill(signal)),
    async restart(signal, more) {
      expected = true
      await end(signal)
      if (!stopping) child = start(more)
      expected = false
    },
    isReady,
    async untilReady() {
      const deadline = Date.now() + readyTimeoutMs
      while (!(await isReady())) {
        if (Date.now() > deadline) throw new Error(`${name} is not ready: ${await ask(readyUrl)}`)
        await sleep(pollMs)
      }
    },
    memory: () => readMemory(child.pid),
    async stop() {
      stopping = true
      child.kill('SIGCONT')
      await end('SIGTERM')
      process.removeListener('exit', endNow)
      log.end()
      await Promise.all(links.map((link) => link.close()))
    },
  }
}

function parseLine(line: string): LogLine {
  try {
    const { level = 0, msg = '', ...fields } = JSON.parse(line) as Partial<LogLine>
    return { ...fields, level, msg }
  } catch {
    return { level: 60, msg: line }
  }
}

async function ask(url: string): Promise<string> {
  return await fetch(url, { signal: AbortSignal.timeout(5_000) }).then(
    (answer) => answer.text(),
    (error: Error) => error.message,
  )
}

function readMemory(pid: number | undefined): ProcessMemory {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0)
    return {
      megabytes: Math.round(kilobytes / 1_024),
      handles: readdirSync(`/proc/${pid}/fd`).length,
    }
  } catch {
    return { megabytes: 0, handles: 0 }
  }
}
