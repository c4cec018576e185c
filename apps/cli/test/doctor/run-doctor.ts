import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment, untilWritten } from '@clerk-sync/testing'
import { onTestFinished } from 'vitest'

const main = join(import.meta.dirname, '../../src/main.ts')

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** `clerk-sync doctor` as a process with these variables alone, in this directory. */
export async function runDoctor(
  args: readonly string[],
  env: Record<string, string>,
  cwd: string,
): Promise<Ran> {
  return new Promise((resolve) => {
    const options = { cwd, env: childEnvironment(env), timeout: 60_000 }
    execFile(process.execPath, [main, 'doctor', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr })
    })
  })
}

/** An empty directory until the end of the test. */
export async function emptyDirectory(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-doctor-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** `clerk-sync start` in this directory until the end of the test. */
export async function startIn(cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, [main, 'start'], {
    cwd,
    env: childEnvironment(env),
  })
  const exited = once(child, 'exit')
  onTestFinished(async () => {
    child.kill('SIGINT')
    await exited
  })
  await untilWritten(child, 'Ctrl-C stops')
}
