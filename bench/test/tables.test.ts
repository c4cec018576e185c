import { applyChanges, createDatabase } from '@clerk-sync/db'
import { withServer } from '@clerk-sync/testing'
import { expect, onTestFinished, test } from 'vitest'
import { buildDeliveries } from '../deliveries.ts'
import { startServers } from '../scene.ts'
import { rules, toChanges } from '../tables.ts'

const users = 300
// What Clerk's event of a user says anew each time.
const times = ['created_at', 'updated_at', 'last_sign_in_at', 'event_occurred_at', 'synced_at']

test('seeded users and addresses are as an event leaves them', async () => {
  const { signal } = new AbortController()
  const tables = { name: 'seeded', users }
  const servers = await startServers([tables], { signal, say: () => undefined })
  onTestFinished(() => servers.close())
  const scene = await servers.openScene('redis', tables)
  onTestFinished(() => scene.close())
  const before = await readTables(scene.databaseUrl)
  expect(before.users).toHaveLength(users)
  expect(before.ledger).toBe(users)
  const db = createDatabase({ url: scene.databaseUrl, maxConnections: 1 })
  onTestFinished(() => db.close())
  // 7,919 is prime: so many deliveries meet every user once.
  const results = await applyChanges(db, toChanges(buildDeliveries(users, users)), rules)
  expect(results.every((result) => result.ok && result.outcome === 'applied')).toBe(true)
  const after = await readTables(scene.databaseUrl)
  expect(after.users).toEqual(before.users)
  expect(after.addresses).toEqual(before.addresses)
  expect(after.ledger).toBe(2 * users)
}, 120_000)

async function readTables(url: string) {
  return await withServer(url, async (client) => {
    const read = async (sql: string) => (await client.query<{ row: object }>(sql)).rows
    const names = [...times, 'event_id'].map((name) => `'${name}'`).join(', ')
    const areThere = times.map((name) => `${name} IS NOT NULL`).join(', ')
    const ledger = await client.query('SELECT 1 FROM clerk.webhook_events')
    return {
      users: await read(
        `SELECT to_jsonb(u) - ARRAY[${names}] || jsonb_build_object('times', ARRAY[${areThere}]) AS row
         FROM clerk.users AS u ORDER BY id`,
      ),
      // With xmin, which tells that no row was written again.
      addresses: await read(
        'SELECT to_jsonb(a) || jsonb_build_object($$xmin$$, xmin) AS row FROM clerk.email_addresses AS a ORDER BY id',
      ),
      ledger: ledger.rowCount,
    }
  })
}
