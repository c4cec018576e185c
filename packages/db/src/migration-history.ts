import type { Client } from 'pg'
import type { MigrationList } from './migration-files.ts'

// Held by the migration that runs, also when the process that sent it is dead.
const scriptLock = 0x6d696773

/**
 * The script of a migration that also marks it as finished, in the same transaction. PostgreSQL goes
 * on with a script whose sender was killed, and the engine's own mark would never come.
 */
export function finishWithin({ migrationDirectories }: MigrationList): (sql: string) => string {
  const names = new Map(
    migrationDirectories.map(({ path, migrationFile }) => [migrationFile.content.value, path]),
  )
  return (sql) => {
    const name = names.get(sql)
    if (name === undefined) return sql
    return `SELECT pg_advisory_xact_lock(${scriptLock});
${sql};
UPDATE clerk._prisma_migrations SET finished_at = now()
WHERE migration_name = '${name}' AND finished_at IS NULL AND rolled_back_at IS NULL;`
  }
}

/**
 * Waits for a script whose sender is dead, and takes back the marks of those that came to nothing: they
 * are not finished, and nothing says that they failed. Who calls it holds the lock of all migrations.
 */
export async function finishInterrupted(client: Client): Promise<void> {
  await client.query('SELECT pg_advisory_lock($1)', [scriptLock])
  await client.query('SELECT pg_advisory_unlock($1)', [scriptLock])
  const { rows } = await client.query(`SELECT to_regclass('clerk._prisma_migrations') AS history`)
  if (rows[0].history === null) return
  await client.query(`
    UPDATE clerk._prisma_migrations SET rolled_back_at = now()
    WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs IS NULL`)
}
