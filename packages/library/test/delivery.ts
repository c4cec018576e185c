import { randomBytes } from 'node:crypto'
import { migrate } from '@clerk-sync/db/migrate'
import { createSigningSecret, parseSigningSecrets, sign } from '@clerk-sync/events'
import { buildSample } from '@clerk-sync/events/samples'
import { openTestPool } from '@clerk-sync/testing'
import { createMigratedDatabase } from '@clerk-sync/testing/migrated-database'
import { afterAll } from 'vitest'

/** The tables of one test file. */
export const database = await createMigratedDatabase(migrate)
export const pool = openTestPool(database.url)
afterAll(async () => {
  await pool.end()
  await database.drop()
})

export const signingSecret = createSigningSecret()
export const url = 'https://app.example.com/api/webhooks/clerk'

/** Options of a handler that writes into the tables. */
export const handlerOptions = () => ({ databaseUrl: database.url, signingSecret })

export const freshId = (prefix = 'user') => `${prefix}_${randomBytes(12).toString('hex')}`

export function userEvent(id = freshId(), more: object = {}) {
  return { ...buildSample('user.created', { id }), ...more }
}

interface Sending {
  readonly headers?: Record<string, string>
  readonly svixId?: string
  /** What is signed in place of the body. */
  readonly signed?: string
}

/** A request as Svix sends it. */
export function delivery(
  event: unknown,
  { headers = {}, svixId = freshId('msg'), signed }: Sending = {},
): Request {
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const timestamp = Math.floor(Date.now() / 1000)
  const [key] = parseSigningSecrets(signingSecret)
  const all = {
    'svix-id': svixId,
    'svix-timestamp': String(timestamp),
    'svix-signature': sign(key!, { id: svixId, timestamp, body: signed ?? body }),
    ...headers,
  }
  return new Request(url, { method: 'POST', headers: all, body })
}

/** Whether the tables have a user. */
export const hasRow = async (id: string) =>
  (await pool.query('SELECT FROM clerk.users WHERE id = $1', [id])).rowCount === 1
