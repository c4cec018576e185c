import { applyChanges, createDatabase } from '@clerk-sync/db'
import { changeFromEvent, keptBy } from '@clerk-sync/events'
import type { EventChange } from '@clerk-sync/events'
import { Client } from 'pg'
import { buildDeliveries } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'

const kept = keptBy({ SYNC_ENTITIES: undefined, SYNC_FIELDS: undefined })
const rules = { deletionPolicy: 'erase', auditValues: false } as const
const seedAtOnce = 500_000

/** Runs statements over a connection of its own. */
export async function withClient<T>(url: string, run: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await run(client)
  } finally {
    await client.end()
  }
}

/**
 * Adds users, each with an address and an event in the ledger, until there are so many. Indexes are
 * dropped meanwhile: building them at the end takes a fraction of the time.
 */
export async function seedTables(
  url: string,
  { from, to }: { from: number; to: number },
  signal: AbortSignal,
): Promise<void> {
  await withClient(url, async (client) => {
    await client.query("SET timezone TO 'UTC'")
    const { rows } = await client.query<{ name: string; definition: string }>(
      `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
       FROM pg_index WHERE NOT indisunique AND indrelid = ANY(
         ARRAY['clerk.users', 'clerk.email_addresses', 'clerk.webhook_events']::regclass[])`,
    )
    for (const { name } of rows) await client.query(`DROP INDEX ${name}`)
    for (let start = from; start < to; start += seedAtOnce) {
      signal.throwIfAborted()
      const end = Math.min(start + seedAtOnce, to) - 1
      for (const statement of seed) await client.query(statement, [start, end])
    }
    for (const { definition } of rows) await client.query(definition)
    await client.query('VACUUM (ANALYZE) clerk.users, clerk.email_addresses, clerk.webhook_events')
    await client.query('CHECKPOINT')
  })
}

const seed = [
  `INSERT INTO clerk.users (id, first_name, last_name, primary_email_address, public_metadata, created_at, updated_at, event_occurred_at, event_id)
   SELECT 'user_' || lpad(i::text, 27, '0'), 'First' || i, 'Last' || i, 'user' || i || '@example.com', '{}',
          now() - interval '1 day', now() - interval '1 day', now() - interval '1 day', 'msg_seed_' || i
   FROM generate_series($1::int, $2::int) AS i`,
  `INSERT INTO clerk.email_addresses (id, user_id, email_address, verified, is_primary)
   SELECT 'idn_' || lpad(i::text, 27, '0'), 'user_' || lpad(i::text, 27, '0'), 'user' || i || '@example.com', true, true
   FROM generate_series($1::int, $2::int) AS i`,
  `INSERT INTO clerk.webhook_events (id, type, entity_id, user_id, outcome, occurred_at, received_at)
   SELECT 'msg_seed_' || i, 'user.created', 'user_' || lpad(i::text, 27, '0'), 'user_' || lpad(i::text, 27, '0'),
          'applied', now() - interval '1 day', now() - interval '1 day'
   FROM generate_series($1::int, $2::int) AS i`,
]

/** When the rows of these events were committed, in milliseconds since 1970, by svix-id. */
export async function readCommitTimes(
  url: string,
  svixIds: readonly string[],
): Promise<Map<string, number>> {
  return await withClient(url, async (client) => {
    const { rows } = await client.query<{ id: string; at: string }>(
      `SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000 AS at
       FROM clerk.webhook_events WHERE id = ANY($1)`,
      [svixIds],
    )
    return new Map(rows.map(({ id, at }) => [id, Number(at)]))
  })
}

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
    await withClient(url, async (client) => {
      for (let turn = 0; turn < repeats; turn += 1) {
        const [many, others, one] = [200, 200, 1].map((size) => buildDeliveries(size, users))
        batch.push(await time(toChanges(many), apply))
        oneStatement.push(await time(others, (deliveries) => write(client, deliveries)))
        single.push(await time(toChanges(one), apply))
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

const toChanges = (deliveries: readonly Delivery[] = []) =>
  deliveries.map(({ job }) => changeFromEvent(kept, job))

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

async function write(client: Client, deliveries: readonly Delivery[] = []): Promise<void> {
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
