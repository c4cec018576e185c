import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { retry } from '@clerk-sync/ops'
import { Client } from 'pg'
import { cacheDir } from './cache-dir.ts'
import { unpackDebianPackages } from './debian-packages.ts'
import { findProgram } from './find-program.ts'
import { freePort } from './start-process.ts'

/** A PgBouncer in front of a PostgreSQL server. */
export interface PgBouncer {
  /** The same database and user through PgBouncer. */
  readonly through: (url: string) => string
  readonly stop: () => Promise<void>
}

export interface PgBouncerOptions {
  /** Default: transaction, as Supabase and most others run it. */
  readonly mode?: 'transaction' | 'session'
  /** The most sessions for each database and user. Default: 4. */
  readonly poolSize?: number
  /** Further lines of its section [pgbouncer]. */
  readonly settings?: readonly string[]
  /** Users besides that of the server's URL, with their passwords. */
  readonly users?: Readonly<Record<string, string>>
}

// PgBouncer refuses to be root.
const nobody = 65_534
const readyTimeoutMs = 15_000

/**
 * Starts PgBouncer as a process of its own. The caller stops it.
 *
 * @throws Error that says how to get one
 */
export async function createPgBouncer(
  serverUrl: string,
  options: PgBouncerOptions = {},
): Promise<PgBouncer> {
  const { program, libraryPath } = await providePgBouncerProgram()
  const server = new URL(serverUrl)
  const port = await freePort('127.0.0.1')
  const dir = await mkdtemp(join(tmpdir(), 'clerk-sync-pgbouncer-'))
  const users = { [server.username]: decodeURIComponent(server.password), ...options.users }
  await writeFile(join(dir, 'users.txt'), lines(Object.entries(users).map(userLine)))
  await writeFile(join(dir, 'pgbouncer.ini'), lines(configuration(dir, server, port, options)))
  await chmod(dir, 0o755)
  const identity = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
  const child = spawn(program, ['-q', join(dir, 'pgbouncer.ini')], {
    ...identity,
    cwd: '/',
    env: { ...process.env, ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let log = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text))
  const exited = once(child, 'exit')
  const stop = async () => {
    child.kill('SIGQUIT')
    await exited
    await rm(dir, { recursive: true, force: true })
  }
  const through = (url: string) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href
  try {
    await retry(() => connectOnce(through(serverUrl)), {
      firstDelayMs: 50,
      timeoutMs: readyTimeoutMs,
    })
    return { through, stop }
  } catch (cause) {
    await stop()
    throw new Error(`PgBouncer did not start: ${log}`, { cause })
  }
}

function configuration(
  dir: string,
  server: URL,
  port: number,
  { mode = 'transaction', poolSize = 4, settings = [] }: PgBouncerOptions,
): string[] {
  return [
    '[databases]',
    `* = host=${server.hostname} port=${server.port || 5432}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'unix_socket_dir =',
    'auth_type = scram-sha-256',
    `auth_file = ${join(dir, 'users.txt')}`,
    `pool_mode = ${mode}`,
    `default_pool_size = ${poolSize}`,
    'max_client_conn = 200',
    ...settings,
  ]
}

const userLine = ([name, password]: [string, string]) =>
  `"${name}" "${password.replaceAll('"', '""')}"`
const lines = (all: readonly string[]) => `${all.join('\n')}\n`

async function connectOnce(url: string): Promise<void> {
  const client = new Client({ connectionString: url })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function providePgBouncerProgram(): Promise<{ program: string; libraryPath?: string }> {
  // The PATH of a normal user has no sbin.
  const debians = '/usr/sbin/pgbouncer'
  const installed = findProgram('pgbouncer') ?? (existsSync(debians) ? debians : undefined)
  if (installed !== undefined) return { program: installed }
  const { root, libraryPath } = await unpackDebianPackages(
    ['pgbouncer'],
    join(cacheDir, 'pgbouncer'),
  ).catch((cause: Error) => {
    throw new Error(`install pgbouncer: ${cause.message}`, { cause })
  })
  return { program: join(root, 'usr/sbin/pgbouncer'), libraryPath }
}
