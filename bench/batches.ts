import { applyChanges, createDatabase } from '@clerk-sync/db'
import type { EventChange } from '@clerk-sync/events'
import { withServer } from '@clerk-sync/testing'
import type { Client } from 'pg'
import { buildDeliveries } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'
import { rules, toChanges } from './tables.ts'

/** Milliseconds that batches take: ours of 1 and of 200, and one statement that writes 200. */
export interface BatchTimes {
  readonly single: number
  readonly batch: number
  readonly oneStatement: number
}

/** Applies batches in turn, and returns the medians. */
export async function measureBatches(
  url: string,
  { users, repeats }: { users: number; repeats: number },
): Promise<BatchTimes> {
  const db = createDatabase({ url, maxConnections: 1 })
  const single: number[] = []
  const batch: number[] = []
  const oneStatement: number[] = []
  try {
    await withServer(url, async (client) => {
      for (let turn = 0; turn < repeats; turn += 1) {
        const build = (size: number) => buildDeliveries(size, users)
        batch.push(await time(toChanges(build(200)), apply))
        oneStatement.push(await time(build(200), (deliveries) => write(client, deliveries)))
        single.push(await time(toChanges(build(1)), apply))
      }
    })
  } finally {
    await db.close()
  }
  return {
    single: median(single),
    batch: median(batch),
    oneStatement: median(oneStatement),
  }

  async function apply(changes: readonly EventChange[]): Promise<void> {
    const results = await applyChanges(db, changes, rules)
    const refused = results.find((result) => !result.ok || result.outcome !== 'applied')
    if (refused) throw new Error(`not applied: ${JSON.stringify(refused)}`)
  }
}

async function time<T>(input: T, run: (input: T) => Promise<void>): Promise<number> {
  const startedAt = performance.now()
  await run(input)
  return performance.now() - startedAt
}

// It reads nothing first: no tombstones, no changed columns, no locks. It is the limit to come near to.
const oneStatement = `
  WITH input AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::timestamptz[], $8::text[], $9::text[])
      AS input(id, first_name, last_name, image_url, email, metadata, updated_at, event_id, address_id)
  ), written AS (
    INSERT INTO clerk.users AS known (id, first_name, last_name, image_url, primary_email_address,
        public_metadata, updated_at, event_occurred_at, event_id, synced_at)
    SELECT id, first_name, last_name, image_url, email, metadata::jsonb, updated_at, updated_at, event_id, now()
    FROM input ORDER BY id
    ON CONFLICT (id) DO UPDATE SET first_name = EXCLUDED.first_name, last_name = EXCLUDED.last_name,
      image_url = EXCLUDED.image_url, primary_email_address = EXCLUDED.primary_email_address,
      public_metadata = EXCLUDED.public_metadata, updated_at = EXCLUDED.updated_at,
      event_occurred_at = EXCLUDED.event_occurred_at, event_id = EXCLUDED.event_id,
      synced_at = EXCLUDED.synced_at
    WHERE (known.updated_at, known.event_occurred_at, known.event_id)
        < (EXCLUDED.updated_at, EXCLUDED.event_occurred_at, EXCLUDED.event_id)
    RETURNING id
  ), addresses AS (
    INSERT INTO clerk.email_addresses AS known (id, user_id, email_address, verified, is_primary)
    SELECT address_id, id, email, true, true FROM input ORDER BY id
    ON CONFLICT (user_id, id) DO UPDATE SET email_address = EXCLUDED.email_address
  )
  INSERT INTO clerk.webhook_events (id, type, entity_id, user_id, outcome, occurred_at, received_at)
  SELECT event_id, 'user.updated', id, id, 'applied', updated_at, now() FROM input ORDER BY event_id
  ON CONFLICT (id) DO NOTHING`

interface UserData {
  id: string
  first_name: string
  last_name: string
  image_url: string
  public_metadata: unknown
  updated_at: number
  email_addresses: { id: string; email_address: string }[]
}

async function write(client: Client, deliveries: readonly Delivery[]): Promise<void> {
  const users = deliveries.map(({ job }) => job.data as unknown as UserData)
  await client.query('BEGIN')
  await client.query({
    name: 'one-statement',
    text: oneStatement,
    values: [
      users.map((user) => user.id),
      users.map((user) => user.first_name),
      users.map((user) => user.last_name),
      users.map((user) => user.image_url),
      users.map((user) => user.email_addresses[0]?.email_address),
      users.map((user) => JSON.stringify(user.public_metadata)),
      users.map((user) => new Date(user.updated_at).toISOString()),
      deliveries.map(({ svixId }) => svixId),
      users.map((user) => user.email_addresses[0]?.id),
    ],
  })
  await client.query('COMMIT')
}

/** The middle value; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
