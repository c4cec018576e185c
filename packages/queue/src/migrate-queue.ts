import { runMigrations } from 'bullmq'
import { Client } from 'pg'
import type { QueueLocation } from './location.ts'

/** Creates or updates the queue's own tables where it lives in PostgreSQL; Redis needs nothing. */
export async function migrateQueue(location: QueueLocation): Promise<void> {
  if (location.kind === 'redis') return
  const client = new Client({
    connectionString: location.url,
    connectionTimeoutMillis: 5_000,
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await runMigrations(client, location.schema)
  } finally {
    await client.end().catch(() => undefined)
  }
}
