import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import type { EmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import { Client } from 'pg'
import { mountDisk } from './disk.ts'
import type { Disk } from './disk.ts'

const password = 'chaos'
const restartTimeoutMs = 90_000
const settings = {
  // Processes crash here, the machine does not.
  fsync: 'off',
  // Five processes with the queue in PostgreSQL use up to 80, and a fault needs one of its own.
  max_connections: '150',
  max_wal_size: '128MB',
  log_min_messages: 'fatal',
}

/** A PostgreSQL of its own, for the faults of a server. */
export interface Postgres {
  readonly url: string
  readonly disk: Disk | undefined
  /** Whether it runs: a full disk ends it. */
  readonly isRunning: () => boolean
  /** Sends a signal to the server, and with `all` to each of its processes. */
  readonly signal: (signal: NodeJS.Signals, all?: 'all') => void
  /** Starts it when it does not run. */
  readonly ensureRunning: () => Promise<void>
  /** Ends it by a signal and starts it again: SIGINT as an operator does, SIGKILL as a crash. */
  readonly restart: (signal: NodeJS.Signals) => Promise<void>
  /** Runs one statement over a connection of its own. */
  readonly query: <Row extends object>(sql: string) => Promise<Row[]>
  readonly stop: () => Promise<void>
}

/** Starts it with its data in `dataDir`, on a disk of its own where that is asked for. */
export async function startPostgres(dataDir: string, withDisk: boolean): Promise<Postgres> {
  const options = { dataDir, port: 0, password, settings }
  let server: EmbeddedPostgres = await createEmbeddedPostgres(options)
  const { port, url } = server
  const disk = withDisk ? await moveToDisk(dataDir, server) : undefined
  let running = !withDisk
  let exited: Promise<unknown> = server.exited
  watch(server)
  if (withDisk) await ensureRunning()

  function watch(started: EmbeddedPostgres): void {
    exited = noteExit(started)
  }

  async function noteExit(started: EmbeddedPostgres): Promise<void> {
    await started.exited
    if (started === server) running = false
  }

  async function ensureRunning(): Promise<void> {
    const deadline = Date.now() + restartTimeoutMs
    while (!running) {
      try {
        server = await createEmbeddedPostgres({ ...options, port })
        running = true
        watch(server)
      } catch (error) {
        // The processes of the killed server may still hold its memory.
        if (Date.now() > deadline) throw error
        await sleep(500)
      }
    }
  }

  function signal(name: NodeJS.Signals, all?: 'all'): void {
    if (!running) return
    const pids = all ? [server.pid, ...childrenOf(server.pid)] : [server.pid]
    for (const pid of pids) kill(pid, name)
  }

  return {
    url,
    disk,
    isRunning: () => running,
    signal,
    ensureRunning,
    async restart(name) {
      signal(name)
      await exited
      await ensureRunning()
    },
    query: (sql) => query(url, sql),
    async stop() {
      signal('SIGCONT', 'all')
      if (running) await server.stop()
      disk?.close()
    },
  }
}

async function moveToDisk(dataDir: string, server: EmbeddedPostgres): Promise<Disk> {
  await server.stop()
  const seed = `${dataDir}.seed`
  renameSync(dataDir, seed)
  const disk = mountDisk(dataDir)
  execFileSync('cp', ['-a', `${seed}/.`, dataDir])
  rmSync(seed, { recursive: true })
  return disk
}

/** The `application_name` of the connections that the faults use. */
export const faultsName = 'clerk-sync chaos'

/** Opens a connection of the faults' own. @throws at once, when the server has none free. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 30_000,
    application_name: faultsName,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

async function query<Row extends object>(url: string, sql: string): Promise<Row[]> {
  const client = await connect(url)
  try {
    return (await client.query<Row>(sql)).rows
  } finally {
    await client.end().catch(() => undefined)
  }
}

// Each has a session of its own, so no process group has them all. Only Linux has /proc.
function childrenOf(parent: number): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && parentOf(name) === parent)
      .map(Number)
  } catch {
    return []
  }
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

function kill(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile.
  }
}
