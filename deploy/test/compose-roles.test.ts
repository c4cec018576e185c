import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createFsyncPostgres } from '@clerk-sync/testing'
import { Client } from 'pg'
import { expect, onTestFinished, test, vi } from 'vitest'
import { readServices, root } from './read-compose.ts'

// Each starts a server and migrates it in processes of their own.
vi.setConfig({ testTimeout: 120_000 })

const services = readServices({
  POSTGRES_PASSWORD: 'test',
  POSTGRES_MIGRATE_PASSWORD: 'of1migrate',
  POSTGRES_WORKER_PASSWORD: 'of1worker',
  POSTGRES_CLI_PASSWORD: 'of1cli',
})
const environmentOf = (name: string) => services[name]?.environment ?? {}

// A server of its own: roles and their passwords belong to the whole server.
async function createServer() {
  const server = await createFsyncPostgres()
  onTestFinished(() => server.stop())
  const urlOf = (service: string) => {
    const url = new URL(environmentOf(service)['DATABASE_URL'] ?? '')
    url.host = new URL(server.url).host
    return url.href
  }
  return { url: server.url, urlOf }
}

async function query(config: string | { url: string; options: string }, sql: string) {
  const { url, options } = typeof config === 'string' ? { url: config, options: '' } : config
  const client = new Client({ connectionString: url, options })
  await client.connect()
  try {
    return [await client.query(sql)].flat().at(-1)?.rows ?? []
  } finally {
    await client.end()
  }
}

/** What the service "roles" does. */
async function runRoles(url: string): Promise<void> {
  const [mounted = ''] = services['roles']?.volumes ?? []
  const [file = '', inside = ''] = mounted.split(':')
  expect(services['roles']?.command).toEqual(expect.arrayContaining(['-f', inside]))
  const options = environmentOf('roles')['PGOPTIONS'] ?? ''
  await query({ url, options }, readFileSync(join(root, file), 'utf8'))
}

/** What the service "migrate" does, with this database. */
const migrate = (databaseUrl: string) =>
  promisify(execFile)(process.execPath, [...(services['migrate']?.command ?? [])], {
    cwd: root,
    env: { ...environmentOf('migrate'), DATABASE_URL: databaseUrl },
  })

const addTombstone = `INSERT INTO clerk.tombstones (entity, id, deleted_at)
  VALUES ('user', 'user_1', now()) ON CONFLICT DO NOTHING`

test('on a new volume the services log in with their passwords and do their work', async () => {
  const { url, urlOf } = await createServer()
  await runRoles(url)
  await migrate(urlOf('migrate'))
  for (const service of ['worker', 'cli']) await query(urlOf(service), addTombstone)
  expect(await query(urlOf('cli'), 'SELECT id FROM clerk.tombstones')).toEqual([{ id: 'user_1' }])
})

test('a volume of an earlier release, written by the superuser, goes on working', async () => {
  const { url, urlOf } = await createServer()
  await migrate(url)
  await query(url, addTombstone)
  await query(url, 'CREATE TABLE public.own_table (id text)')
  // Every "up" runs it.
  await runRoles(url)
  await migrate(urlOf('migrate'))
  await runRoles(url)
  expect(await query(urlOf('worker'), 'DELETE FROM clerk.tombstones RETURNING id')).toEqual([
    { id: 'user_1' },
  ])
  const owners = await query(
    url,
    `SELECT DISTINCT schemaname::text AS schema, tableowner::text AS owner FROM pg_tables
     WHERE schemaname IN ('clerk', 'public') ORDER BY schema`,
  )
  expect(owners).toEqual([
    { schema: 'clerk', owner: 'clerk_sync_migrate' },
    { schema: 'public', owner: 'postgres' },
  ])
})

test('roles that are right already are made again without a lock on a table', async () => {
  const { url, urlOf } = await createServer()
  await runRoles(url)
  await migrate(urlOf('migrate'))
  const reader = new Client({ connectionString: urlOf('worker') })
  await reader.connect()
  onTestFinished(() => reader.end())
  await reader.query('BEGIN; SELECT FROM clerk.users; SELECT FROM clerk.webhook_events')
  await query(url, `ALTER ROLE postgres SET lock_timeout = '2s'`)
  await expect(runRoles(url)).resolves.toBeUndefined()
  await reader.query('COMMIT')
})
