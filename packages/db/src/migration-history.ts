import { readFile, readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { defaultTablesSchema, inTablesSchema } from '@clerk-sync/ops'
import type { SchemaEngine } from '@prisma/schema-engine-wasm'

const prismaDir = fileURLToPath(new URL('../prisma/', import.meta.url))
const migrationsDir = `${prismaDir}migrations`

type MigrationList = Parameters<SchemaEngine['applyMigrations']>[0]['migrationsList']

/** The migrations of this release for a schema, as the schema engine wants them. */
export async function readMigrations(schema: string = defaultTablesSchema): Promise<MigrationList> {
  const entries = await readdir(migrationsDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  return {
    baseDir: migrationsDir,
    lockfile: {
      path: 'migration_lock.toml',
      content: await readFile(`${migrationsDir}/migration_lock.toml`, 'utf8'),
    },
    migrationDirectories: await Promise.all(
      names.toSorted().map((name) => readMigration(name, schema)),
    ),
    shadowDbInitScript: '',
  }
}

/** Path and text of schema.prisma. */
export async function readSchema(): Promise<[path: string, text: string]> {
  const path = `${prismaDir}schema.prisma`
  return [path, await readFile(path, 'utf8')]
}

async function readMigration(name: string, schema: string) {
  const text = await readFile(`${migrationsDir}/${name}/migration.sql`, 'utf8')
  const value = inTablesSchema(text, schema)
  return {
    path: name,
    migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } },
  }
}
