import { createPgBouncer, createTestDatabase } from '@clerk-sync/testing'
import type { PgBouncerOptions } from '@clerk-sync/testing'
import { expect, inject, onTestFinished, test } from 'vitest'
import {
  checkDirectConnection,
  checkQueue,
  locateQueue,
  migrateQueue,
  openQueue,
  SharedSessionsError,
} from '../src/index.ts'

async function locate(options?: PgBouncerOptions) {
  const database = await createTestDatabase(inject('databaseUrl'))
  onTestFinished(() => database.drop())
  if (!options) return locateQueue({ redisUrl: undefined, databaseUrl: database.url })
  const bouncer = await createPgBouncer(inject('databaseUrl'), options)
  onTestFinished(() => bouncer.stop())
  return locateQueue({ redisUrl: undefined, databaseUrl: bouncer.through(database.url) })
}

test('a server that is reached directly gives the queue sessions of its own', async () => {
  const location = await locate()
  await migrateQueue(location)
  await expect(checkDirectConnection(location)).resolves.toBeUndefined()
})

const ignoring = ['ignore_startup_parameters = options']

test.each<[what: string, options: PgBouncerOptions]>([
  ['refuses the startup parameter', {}],
  ['ignores the startup parameter', { settings: ignoring }],
  ['ignores it and gives each client a session', { mode: 'session', settings: ignoring }],
])('behind a pooler that %s the queue is migrated, but refused', async (_, options) => {
  const location = await locate(options)
  await migrateQueue(location)
  await expect(checkDirectConnection(location)).rejects.toThrow(SharedSessionsError)
  const opened = openQueue(location, { onError: () => undefined })
  onTestFinished(() => opened.close())
  await expect(checkQueue(opened)).rejects.toThrow(
    /^the queue in PostgreSQL needs sessions of its own, .*: set DATABASE_URL to the server itself/,
  )
})
