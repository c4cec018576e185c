import { Client, escapeIdentifier } from 'pg'
import { inject, onTestFinished } from 'vitest'
import type { Chain } from './chain.ts'

const nameOf = (databaseUrl: string) => new URL(databaseUrl).pathname.slice(1)

async function onServer(...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: inject('databaseUrl') })
  await client.connect()
  try {
    for (const statement of statements) await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * Copies the database as it is now and returns the name of the copy, which goes with the test. Not
 * pg_dump: it need not be there. Whoever is connected is cut off and comes back.
 */
export async function backUp({ databaseUrl }: Chain): Promise<string> {
  const name = nameOf(databaseUrl)
  const backup = `${name}_backup`
  onTestFinished(() => onServer(`DROP DATABASE IF EXISTS ${escapeIdentifier(backup)}`))
  await onServer(
    `ALTER DATABASE ${escapeIdentifier(name)} ALLOW_CONNECTIONS false`,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${name}'`,
    `CREATE DATABASE ${escapeIdentifier(backup)} TEMPLATE ${escapeIdentifier(name)}`,
    `ALTER DATABASE ${escapeIdentifier(name)} ALLOW_CONNECTIONS true`,
  )
  return backup
}

/** Removes the database under everyone who is connected. */
export const lose = ({ databaseUrl }: Chain) =>
  onServer(`DROP DATABASE ${escapeIdentifier(nameOf(databaseUrl))} WITH (FORCE)`)

/** Puts the backup where the database was. */
export const restore = ({ databaseUrl }: Chain, backup: string) =>
  onServer(
    `CREATE DATABASE ${escapeIdentifier(nameOf(databaseUrl))} TEMPLATE ${escapeIdentifier(backup)}`,
  )
