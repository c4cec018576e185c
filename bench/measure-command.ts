import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../apps/cli/src/main.ts', import.meta.url))
const sampleMs = 200

export interface Measured {
  readonly code: number | null
  readonly stdout: string
  readonly seconds: number
  /** The most memory that it ever held; 0 where the system has no /proc. */
  readonly peakMegabytes: number
}

/** Runs `clerk-sync` as a process of its own, with its progress on this terminal. */
export async function measureCommand(
  args: readonly string[],
  env: Record<string, string>,
): Promise<Measured> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [main, ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  let peakMegabytes = 0
  const sampling = setInterval(() => {
    peakMegabytes = Math.max(peakMegabytes, readPeak(child.pid))
  }, sampleMs)
  const [code] = (await once(child, 'close')) as [number | null]
  clearInterval(sampling)
  return { code, stdout, seconds: (performance.now() - startedAt) / 1_000, peakMegabytes }
}

/** The most memory that a process ever held, in megabytes; 0 where the system has no /proc. */
export function readPeak(pid: number | undefined): number {
  try {
    const [, kilobytes] =
      /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return Math.round(Number(kilobytes ?? 0) / 1_024)
  } catch {
    return 0
  }
}
