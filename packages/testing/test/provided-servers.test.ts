import { once } from 'node:events'
import { connect } from 'node:net'
import { Client } from 'pg'
import { expect, inject, test } from 'vitest'
import { createTestDatabase, openTestPool } from '../src/index.ts'

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

test('copies a template into a database that drop removes', async () => {
  const serverUrl = inject('databaseUrl')
  const template = await createTestDatabase(serverUrl)
  await query(template.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  const name = new URL(template.url).pathname.slice(1)
  const copy = await createTestDatabase(serverUrl, { template: name })
  expect(await query(copy.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  await copy.drop()
  await template.drop()
  await expect(query(copy.url, 'SELECT 1')).rejects.toMatchObject({ code: '3D000' })
})

test('drops a database although a session is open on it', async () => {
  const database = await createTestDatabase(inject('databaseUrl'))
  const client = new Client({ connectionString: database.url })
  await client.connect()
  const errors: Error[] = []
  client.on('error', (error) => errors.push(error))
  const ended = new Promise<void>((resolve) => client.once('end', resolve))
  await database.drop()
  await ended
  expect(errors).toContainEqual(expect.objectContaining({ code: '57P01' }))
})

test('the connections of a test bear that their database is dropped', async () => {
  const database = await createTestDatabase(inject('databaseUrl'))
  const pool = openTestPool(database.url)
  await pool.query('SELECT 1')
  const removed = new Promise((resolve) => pool.once('remove', resolve))
  await database.drop()
  await removed
  expect(pool.totalCount).toBe(0)
  await pool.end()
})

test('provides a Redis that refuses rather than evicts', async () => {
  const { hostname, port } = new URL(inject('redisUrl'))
  const socket = connect(Number(port), hostname)
  socket.write('CONFIG GET maxmemory-policy\r\n')
  const [reply] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  expect(reply.toString()).toContain('noeviction')
})
