import { inTablesSchema, postgresConnection, tablesSchemaOf } from '@clerk-sync/ops'
import { Client, DatabaseError } from 'pg'
import { toConnectError } from './database-error.ts'
import { supabaseSql } from './schemas/supabase-sql.ts'
import type { SupabaseOptions } from './schemas/supabase-sql.ts'

/**
 * Applies row level security for Supabase, as `clerk-sync sql supabase` prints it.
 *
 * @throws Error with what PostgreSQL says of it; then nothing has changed.
 */
export async function applySupabase(url: string, options: SupabaseOptions = {}): Promise<void> {
  const client = new Client({
    ...postgresConnection(url),
    connectionTimeoutMillis: 5_000,
    application_name: 'clerk-sync migrate',
  })
  client.on('error', () => undefined)
  try {
    await client.connect().catch((error: unknown) => {
      throw toConnectError(error)
    })
    await client.query(inTablesSchema(supabaseSql(options), tablesSchemaOf(url)))
  } catch (cause) {
    if (!(cause instanceof DatabaseError)) throw cause
    throw new Error(`row level security was not applied: ${cause.message}`, { cause })
  } finally {
    await client.end().catch(() => undefined)
  }
}
