import { applyChanges, createDatabase } from '@clerk-sync/db'
import { changeFromEvent, keptBy } from '@clerk-sync/events'
import type { EventChange } from '@clerk-sync/events'
import { Client } from 'pg'
import { buildDeliveries, userIdOf } from './deliveries.ts'
import type { Delivery } from './deliveries.ts'

const kept = keptBy({ SYNC_ENTITIES: undefined, SYNC_FIELDS: undefined })
const rules = { deletionPolicy: 'erase', auditValues: false } as const
const seedAtOnce = 250_000
const seedConnections = 2
const seeded = ['clerk.users', 'clerk.email_addresses', 'clerk.webhook_events']

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
 * Adds users, each with an address and an event in the ledger, until there are so many. All indexes are
 * dropped meanwhile: building them at the end takes a fraction of the time.
 */
export async function seedTables(
  url: string,
  { from, to }: { from: number; to: number },
  signal: AbortSignal,
): Promise<void> {
  const run = (statements: Iterator<string>) => runTogether(url, statements, signal)
  await withClient(url, async (client) => {
    await client.query("SET timezone TO 'UTC'")
    const inserts = await buildSeed(client, url)
    const indexes = await readIndexes(client)
    for (const { drop } of indexes) await client.query(drop)
    // The first row of an empty table is the template.
    await run(insertRanges(inserts, Math.max(from, 1), to))
    await run(indexes.values().map(({ create }) => create))
    for (const { adopt } of indexes) if (adopt !== undefined) await client.query(adopt)
    await run(seeded.values().map((table) => `VACUUM (ANALYZE) ${table}`))
    await client.query('CHECKPOINT')
  })
}

/** Runs statements over a few connections, each statement as soon as a connection is free. */
async function runTogether(
  url: string,
  statements: Iterator<string>,
  signal: AbortSignal,
): Promise<void> {
  const waiting = Iterator.from(statements)
  const runNext = async (own: Client) => {
    await own.query("SET timezone TO 'UTC'")
    await own.query("SET maintenance_work_mem TO '1GB'")
    for (const statement of waiting) {
      signal.throwIfAborted()
      await own.query(statement)
    }
  }
  await Promise.all(Array.from({ length: seedConnections }, () => withClient(url, runNext)))
}

function* insertRanges(
  inserts: readonly ((from: number, to: number) => string)[],
  from: number,
  to: number,
) {
  for (let start = from; start < to; start += seedAtOnce) {
    for (const insert of inserts) yield insert(start, Math.min(start + seedAtOnce, to) - 1)
  }
}

interface Index {
  readonly drop: string
  readonly create: string
  /** Makes it the index of its primary key again. */
  readonly adopt: string | undefined
}

async function readIndexes(client: Client): Promise<Index[]> {
  const { rows } = await client.query<{
    name: string
    table: string
    definition: string
    key: string | null
  }>(
    `SELECT indexrelid::regclass::text AS name, indrelid::regclass::text AS table,
            pg_get_indexdef(indexrelid) AS definition, quote_ident(conname) AS key
     FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid AND contype = 'p'
     WHERE indrelid = ANY($1::regclass[])`,
    [seeded],
  )
  return rows.map(({ name, table, definition, key }) => ({
    drop: key === null ? `DROP INDEX ${name}` : `ALTER TABLE ${table} DROP CONSTRAINT ${key}`,
    create: definition,
    adopt:
      key === null
        ? undefined
        : `ALTER TABLE ${table} ADD CONSTRAINT ${key} PRIMARY KEY USING INDEX ${key}`,
  }))
}

// What an event of a user reads and changes; of the other indexes it meets the last page alone, or none.
const visited = [
  'users',
  'users_pkey',
  'email_addresses',
  'email_addresses_pkey',
  'webhook_events_user_id_idx',
]

/**
 * Reads the pages that events meet into PostgreSQL's memory, as they are after a while, and makes a
 * checkpoint, so that what is measured next begins as any other.
 */
export async function warmTables(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('CREATE EXTENSION IF NOT EXISTS pg_prewarm')
    for (const name of visited) await client.query(`SELECT pg_prewarm('clerk.${name}')`)
    await client.query('CHECKPOINT')
  })
}

// The rows are as an event would leave them, so that the first event of a user changes as little as any
// other: each is that of the first user, with what is its own.
async function buildSeed(
  client: Client,
  url: string,
): Promise<((from: number, to: number) => string)[]> {
  const db = createDatabase({ url, maxConnections: 1 })
  await applyChanges(db, toChanges(buildDeliveries(1, 1)), rules)
  await db.close()
  const ofTemplate = async (table: string, key: string, own: Record<string, string>) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT attname AS name FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped`,
      [table],
    )
    const names = rows.map(({ name }) => name)
    const template = `seed_of_${table.split('.')[1]}`
    await client.query(
      `CREATE TABLE IF NOT EXISTS ${template} AS SELECT * FROM ${table} WHERE ${key} = '${userIdOf(0)}'`,
    )
    return (from: number, to: number) => `INSERT INTO ${table} (${names.join(', ')})
      SELECT ${names.map((name) => own[name] ?? `template.${name}`).join(', ')}
      FROM generate_series(${from}, ${to}) AS i, ${template} AS template`
  }
  const idOf = (prefix: string) => `'${prefix}_' || lpad(i::text, 27, '0')`
  const address = `'ada.' || lpad(i::text, 10, '0') || '@example.com'`
  return [
    await ofTemplate('clerk.users', 'id', {
      id: idOf('user'),
      primary_email_address: address,
      event_id: `'msg_seed_' || i`,
    }),
    await ofTemplate('clerk.email_addresses', 'user_id', {
      id: idOf('idn'),
      user_id: idOf('user'),
      email_address: address,
    }),
    (from, to) =>
      `INSERT INTO clerk.webhook_events (id, type, entity_id, user_id, outcome, occurred_at, received_at)
     SELECT 'msg_seed_' || i, 'user.created', ${idOf('user')}, ${idOf('user')},
            'applied', now() - interval '1 day', now() - interval '1 day'
     FROM generate_series(${from}, ${to}) AS i`,
  ]
}

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
