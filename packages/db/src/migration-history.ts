import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'
import type { Client } from 'pg'

const prismaDir = fileURLToPath(new URL('../prisma/', import.meta.url))
const migrationsDir = `${prismaDir}migrations`

type MigrationList = Parameters<SchemaEngine['applyMigrations']>[0]['migrationsList']

/** The migrations of this release, as the schema engine wants them. */
export async function readMigrations(): Promise<MigrationList> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return {
    baseDir: migrationsDir,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(`${migrationsDir}/migration_lock.toml`, 'utf8'),
    },
    migrationDirectories: await Promise.all(names.toSorted().map(readMigration)),
    shadowDbInitScript: '',
  }
}

/** Path and text of schema.prisma. */
export async function readSchema(): Promise<[path: string, text: string]> {
  const path = `${prismaDir}schema.prisma`
  return [path, await readFile(path, 'utf8')]
}

async function readMigration(name: string) {
  const value = await readFile(`${migrationsDir}/${name}/migration.sql`, 'utf8')
  return {
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } },
  }
}

// Held by the script that runs, also after the process that sent it was killed.
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
 * Waits for the script of a migration whose process was killed, and marks migrations as rolled back
 * that were interrupted: they are not finished, and have no error. The caller must hold the lock of
 * all migrations.
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
