import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  runMigrations,
  SchemaMigrationRequiredError,
} from 'bullmq'
import { Client } from 'pg'
import type { ClientConfig } from 'pg'
import type { QueueLocation } from './location.ts'

/** Creates or updates BullMQ's own tables when the queue is on PostgreSQL. Redis needs nothing. */
export async function migrateQueue(location: QueueLocation): Promise<void> {
  if (location.kind === 'redis') return
  await withClient({ connectionString: location.url }, (client) =>
    runMigrations(client, location.schema),
  )
}

/**
 * How many of BullMQ's migrations the database has not applied yet. Redis needs none.
 *
 * @throws when a later major release of BullMQ has migrated the database.
 */
export async function pendingQueueMigrations(location: QueueLocation): Promise<number> {
  if (location.kind === 'redis') return 0
  try {
    const config = { connectionString: location.url, query_timeout: 5_000 }
    const version = await withClient(config, (client) =>
      assertSchemaCompatibility(client, location.schema),
    )
    return Math.max(0, LATEST_SCHEMA_VERSION - version)
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return LATEST_SCHEMA_VERSION
    throw error
  }
}

async function withClient<T>(
  config: ClientConfig,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = new Client({ ...config, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
