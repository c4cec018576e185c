import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createEmbeddedPostgres } from '../src/index.ts'
import type { EmbeddedPostgres, EmbeddedPostgresOptions } from '../src/index.ts'
import { readProcess } from '../src/process-table.ts'

let parent: string
let dataDir: string
const running: EmbeddedPostgres[] = []

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'embedded-postgres-'))
  dataDir = join(parent, 'data')
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
  await rm(parent, { recursive: true, force: true })
})

async function start(options: Partial<EmbeddedPostgresOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await createEmbeddedPostgres({ dataDir, port: 0, password: 'secret', ...options })
  running.push(server)
  return server
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

/** A Node process that owns a running server, as a killed `pnpm start` leaves it. */
async function holdServer(): Promise<{ owner: ReturnType<typeof spawn>; serverPid: number }> {
  const program = fileURLToPath(new URL('./hold-server.ts', import.meta.url))
  const owner = spawn(process.execPath, [program, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(owner.stdout, 'data')) as [Buffer]
  return { owner, serverPid: Number(line.toString()) }
}

test('keeps the data between two starts', async () => {
  const first = await start()
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  const second = await start()
  expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
})

test('deletes the data when asked for a fresh start', async () => {
  const first = await start()
  await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  const second = await start({ fresh: true })
  expect(await query(second.url, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: null }])
})

test('speaks UTF-8 and sorts alike on every machine', async () => {
  const { url } = await start()
  const sql = `SELECT datlocale, pg_encoding_to_char(encoding) AS encoding, upper('é') AS upper
    FROM pg_database WHERE datname = 'postgres'`
  expect(await query(url, sql)).toEqual([{ datlocale: 'C.UTF-8', encoding: 'UTF8', upper: 'É' }])
})

test('asks for the password', async () => {
  const { url } = await start()
  const refused = query(url.replace('secret', 'wrong'), 'SELECT 1')
  await expect(refused).rejects.toMatchObject({ code: '28P01' })
})

test('leaves no process and only data and log behind after stop', async () => {
  const server = await start()
  await server.stop()
  expect(readProcess(server.pid)).toBeUndefined()
  expect(await server.exited).toEqual({ code: 0, signal: null })
  expect((await readdir(parent)).toSorted()).toEqual(['data', 'data.log'])
})

test('replaces the server that a killed owner left running', async () => {
  const { owner, serverPid } = await holdServer()
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  expect(readProcess(serverPid)).toBeDefined()
  const server = await start()
  expect(readProcess(serverPid)).toBeUndefined()
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('stops the server when its owner exits without stopping it', async () => {
  const { owner, serverPid } = await holdServer()
  owner.kill('SIGTERM')
  await once(owner, 'exit')
  await expect.poll(() => readProcess(serverPid), { timeout: 5_000 }).toBeUndefined()
})

test('refuses a directory whose owner lives', async () => {
  const { owner, serverPid } = await holdServer()
  await expect(start()).rejects.toThrow(`is in use by process ${owner.pid}; stop it first`)
  expect(readProcess(serverPid)).toBeDefined()
  owner.kill('SIGTERM')
  await expect.poll(() => readProcess(serverPid), { timeout: 5_000 }).toBeUndefined()
})

test('names the port that is taken', async () => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as { port: number }
  await expect(start({ port })).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`)
  listener.close()
  await start({ port })
})

test('starts over after an interrupted initdb', async () => {
  await mkdir(`${dataDir}.new/base`, { recursive: true })
  const server = await start()
  expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  expect(existsSync(`${dataDir}.new`)).toBe(false)
})

test('leaves a directory alone that holds something else', async () => {
  await mkdir(dataDir)
  await writeFile(join(dataDir, 'thesis.txt'), 'the only copy')
  await expect(start()).rejects.toMatchObject({ code: 'DATA_DIR_FOREIGN' })
  expect(await readdir(dataDir)).toEqual(['thesis.txt'])
})

test('starts although the pid of a stale postmaster.pid went to another program', async () => {
  const first = await start()
  await first.stop()
  await writeFile(join(dataDir, 'postmaster.pid'), `${process.pid}\n${dataDir}\n`)
  const second = await start()
  expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
})

test('shows the end of the log when the server does not start', async () => {
  await expect(start({ settings: { nonsense: '1' } })).rejects.toThrow('"nonsense"')
  await start()
})
