import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { withTimeout } from '@clerk-sync/ops'
import { Redis } from 'ioredis'
import { findProgram } from './find-program.ts'

const host = '127.0.0.1'
const startTimeoutMs = 10_000
const commandTimeoutMs = 3_000
const pollMs = 20

/** What BullMQ needs: jobs survive a restart, and a full memory refuses instead of evicting. */
export const redisSettings = ['--appendonly', 'yes', '--maxmemory-policy', 'noeviction']

// The shell ends Redis when our end of its input closes: however this process dies.
const supervisor =
  '"$@" >/dev/null 2>&1 & server=$!; echo $server; read -r line; kill $server; wait $server'

/** A program that speaks Redis, with the directories of libraries that it needs. */
export interface RedisProgram {
  program: string
  libraryPath?: string
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** The directory of its files. */
  readonly dir: string
  /** Ends it as a crash does, and resolves when it has ended; its files stay. */
  readonly kill: () => Promise<void>
  /** Ends it as an operator does, and resolves when it has ended; its files stay. */
  readonly terminate: () => Promise<void>
  /** Stops (SIGSTOP) or continues (SIGCONT) it. */
  readonly signal: (signal: NodeJS.Signals) => void
  readonly pid: () => number
  /** Runs one command over a connection of its own. */
  readonly run: (command: string, ...args: string[]) => Promise<unknown>
  /** Starts it anew after its end, on the same port and files. */
  readonly restart: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface RedisServerOptions {
  /** Command line options. Default: what BullMQ needs. */
  settings?: readonly string[]
  /** A configuration file that the server may rewrite. */
  config?: string
  port?: number
  /** An existing directory for its files. Default: one of its own, which stop() removes. */
  dir?: string
}

/**
 * Finds redis-server or valkey-server on the PATH.
 *
 * @throws Error when there is neither
 */
export function findRedisProgram(): string {
  const program = findProgram('redis-server', 'valkey-server')
  if (program) return program
  throw new Error('neither redis-server nor valkey-server is installed')
}

/**
 * Starts Redis on a free port of 127.0.0.1 with its data in a temporary directory.
 *
 * @throws Error when it does not answer in 10 s
 */
export async function createRedisServer(
  program: RedisProgram,
  { settings = redisSettings, config = '', port: wanted, dir: given }: RedisServerOptions = {},
): Promise<RedisServer> {
  const port = wanted ?? (await findFreePort())
  const dir = given ?? (await mkdtemp(join(tmpdir(), 'clerk-sync-redis-')))
  const configFile = join(dir, 'server.conf')
  await writeFile(configFile, config)
  const place = ['--bind', host, '--port', String(port), '--dir', dir]
  const start = () => startRedis(program, [configFile, ...place, ...settings], port)
  let running: RunningRedis
  try {
    running = await start()
  } catch (error) {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
  return {
    url: `redis://${host}:${port}`,
    port,
    dir,
    kill: () => running.end('SIGKILL'),
    terminate: () => running.end('SIGTERM'),
    signal: (signal) => void process.kill(running.pid, signal),
    pid: () => running.pid,
    run: (command, ...args) => runCommand(port, command, args),
    restart: async () => {
      running = await start()
    },
    stop: async () => {
      await running.stop()
      if (given === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}

interface RunningRedis {
  pid: number
  end(signal: NodeJS.Signals): Promise<void>
  stop(): Promise<void>
}

async function startRedis(
  { program, libraryPath }: RedisProgram,
  options: readonly string[],
  port: number,
): Promise<RunningRedis> {
  const shell = spawn('sh', ['-c', supervisor, 'redis', program, ...options], {
    // A process group of its own: Ctrl-C must reach the tests, not the server under them.
    detached: true,
    env: { ...process.env, ...(libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}) },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const exited = once(shell, 'exit')
  const [line] = (await once(shell.stdout, 'data')) as [Buffer]
  const pid = Number(line.toString())
  const stop = async (): Promise<void> => {
    shell.stdin.end()
    await exited
  }
  if (!(await answers(shell, port))) {
    await stop()
    throw new Error(`${program} did not answer on port ${port}`)
  }
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    process.kill(pid, signal)
    await stop()
  }
  return { pid, end, stop }
}

async function answers(shell: ChildProcess, port: number): Promise<boolean> {
  for (let waited = 0; waited < startTimeoutMs; waited += pollMs) {
    if (shell.exitCode !== null) return false
    if (await ping(port)) return true
    await sleep(pollMs)
  }
  return false
}

async function ping(port: number): Promise<boolean> {
  const socket = connect(port, host)
  try {
    await once(socket, 'connect')
    socket.write('PING\r\n')
    const [reply] = (await once(socket, 'data')) as [Buffer]
    return reply.toString().startsWith('+PONG')
  } catch {
    // Refused: it does not listen yet.
    return false
  } finally {
    socket.destroy()
  }
}

async function runCommand(port: number, command: string, args: string[]): Promise<unknown> {
  const client = new Redis({ host, port, retryStrategy: null, connectTimeout: commandTimeoutMs })
  client.on('error', () => undefined)
  try {
    return await withTimeout(
      client.call(command, ...args),
      commandTimeoutMs,
      'no answer from Redis',
    )
  } finally {
    client.disconnect()
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, host)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
