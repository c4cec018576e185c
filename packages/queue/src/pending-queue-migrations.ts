import {
  assertSchemaCompatibility,
  LATEST_SCHEMA_VERSION,
  SchemaMigrationRequiredError,
} from 'bullmq'
import { Client } from 'pg'
import type { QueueLocation } from './location.ts'

/**
 * How many of the queue's own migrations the database has not applied yet; Redis needs none.
 *
 * @throws when a later major release of BullMQ has migrated it.
 */
export async function pendingQueueMigrations(location: QueueLocation): Promise<number> {
  if (location.kind === 'redis') return 0
  const client = new Client({
    connectionString: location.url,
    connectionTimeoutMillis: 5_000,
    query_timeout: 5_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const version = await assertSchemaCompatibility(client, location.schema)
    return Math.max(0, LATEST_SCHEMA_VERSION - version)
  } catch (error) {
    if (error instanceof SchemaMigrationRequiredError) return LATEST_SCHEMA_VERSION
    throw error
  } finally {
    await client.end().catch(() => undefined)
  }
}
