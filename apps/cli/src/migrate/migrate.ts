import { applySupabase, migrate as migrateTables } from '@clerk-sync/db/migrate'
import { postgresUrl, readConfig, tablesSchema } from '@clerk-sync/ops'
import { locateQueue, migrateQueue, redisUrl } from '@clerk-sync/queue'

export const migrateVariables = {
  TABLES_SCHEMA: tablesSchema,
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
}

interface MigrateOptions {
  readonly supabase?: boolean
  readonly views?: boolean
}

/** Migrates the tables to this release, and those of the queue where it is in PostgreSQL. */
export async function migrate(
  env: NodeJS.ProcessEnv,
  { supabase = false, views = false }: MigrateOptions = {},
): Promise<void> {
  if (views && !supabase) throw new Error('--views needs --supabase')
  const settings = readConfig(migrateVariables, env)
  const onWaiting = (line: string) => process.stderr.write(`migrate: ${line}\n`)
  const applied = await migrateTables(settings.DATABASE_URL, { onWaiting })
  await migrateQueue(
    locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    { onWaiting },
  )
  const what = applied.length === 0 ? 'nothing to migrate' : `applied ${applied.join(', ')}`
  process.stdout.write(`${what}: the database is up to date\n`)
  if (!supabase) return
  await applySupabase(settings.DATABASE_URL, { views })
  process.stdout.write('applied row level security for Supabase\n')
}
