import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnAs } from './account.ts'
import type { Account } from './account.ts'
import { EmbeddedPostgresError } from './error.ts'
import { createLogFile } from './log-file.ts'
import { fastShutdownMs } from './orphan.ts'
import { readPostmaster } from './postmaster-file.ts'

const startTimeoutMs = 30_000
const pollMs = 25

export interface ServerProcessInput {
  postgres: string
  dataDir: string
  port: number
  logFile?: string
  settings?: Record<string, string>
}

export interface ServerExit {
  code: number | null
  signal: NodeJS.Signals | null
}

export interface ServerProcess {
  pid: number
  stop(): Promise<void>
  exited: Promise<ServerExit>
}

/**
 * Starts the server and waits until it accepts connections.
 *
 * @throws EmbeddedPostgresError START_FAILED, with the end of the server's log
 */
export async function createServerProcess(
  account: Account | undefined,
  { postgres, dataDir, port, logFile, settings = {} }: ServerProcessInput,
): Promise<ServerProcess> {
  using log = createLogFile(logFile ?? `${dataDir}.log`, logFile !== undefined)
  const child = spawnAs(account, postgres, buildArguments(dataDir, port, settings), {
    // A process group of its own: Ctrl-C must not stop it before the programs that write to it.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  await once(child, 'spawn')
  const interrupt = () => void child.kill('SIGINT')
  process.once('exit', interrupt)
  void exited.then(() => process.removeListener('exit', interrupt))
  if (!(await becomesReady(child, dataDir))) {
    child.kill('SIGQUIT')
    const { code, signal } = await exited
    throw new EmbeddedPostgresError(
      'START_FAILED',
      `PostgreSQL did not start (exit ${code ?? signal}). The end of its log:\n${log.readTail()}`,
    )
  }
  return { pid: child.pid as number, exited, stop: () => stopServer(child, exited) }
}

function buildArguments(dataDir: string, port: number, settings: Record<string, string>): string[] {
  const all = {
    ...settings,
    port: String(port),
    listen_addresses: '127.0.0.1',
    // A socket's path has a length limit, and its directory other permissions.
    unix_socket_directories: '',
  }
  return [
    '-D',
    dataDir,
    ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ]
}

async function becomesReady(child: ChildProcess, dataDir: string): Promise<boolean> {
  for (let waited = 0; waited < startTimeoutMs; waited += pollMs) {
    if (child.exitCode !== null || child.signalCode !== null) return false
    const postmaster = readPostmaster(dataDir)
    if (postmaster?.pid === child.pid && postmaster?.ready) return true
    await sleep(pollMs)
  }
  return false
}

async function stopServer(child: ChildProcess, exited: Promise<ServerExit>): Promise<void> {
  child.kill('SIGINT')
  const escalation = setTimeout(() => child.kill('SIGQUIT'), fastShutdownMs)
  await exited
  clearTimeout(escalation)
}
