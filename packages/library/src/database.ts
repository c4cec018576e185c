import { createDatabase as openDatabase } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import { withTablesSchemaOf } from '@clerk-sync/ops'

/** There is no URL of a database, or it can't be read. The message never has the URL, nor its password. */
export class DatabaseUrlError extends Error {
  readonly code = 'ERR_DATABASE_URL'
  override readonly name = 'DatabaseUrlError'
}

export interface DatabaseOptions {
  /**
   * The PostgreSQL database with the tables. Default: DATABASE_URL, with the schema of TABLES_SCHEMA.
   * Another schema than `clerk` stands at the end of a URL: `?tables_schema=auth`.
   */
  readonly url?: string | undefined
  /** The most connections. Default: 5. */
  readonly maxConnections?: number
}

/**
 * A pool of connections to the database that holds the tables. It reads its settings and connects at its
 * first use, so that a build without DATABASE_URL passes.
 *
 * Its functions throw {DatabaseUrlError} where there is no usable URL.
 */
export function createDatabase({ url, maxConnections = 5 }: DatabaseOptions = {}): Database {
  let opened: Database | undefined
  const open = () => (opened ??= openDatabase({ url: readDatabaseUrl(url), maxConnections }))
  return {
    get tablesSchema() {
      return open().tablesSchema
    },
    query: async (statement, ...values) => await open().query(statement, ...values),
    transaction: async (run) => await open().transaction(run),
    ping: async () => {
      await open().ping()
    },
    poolUse: () => open().poolUse(),
    close: async () => {
      await opened?.close()
    },
  }
}

/** @throws {DatabaseUrlError} */
export function readDatabaseUrl(given: string | undefined): string {
  const url = given || withTablesSchemaOf(process.env)['DATABASE_URL']
  if (!url) {
    throw new DatabaseUrlError(
      'there is no URL of a database: set DATABASE_URL where the application runs, or pass the URL',
    )
  }
  if (!/^postgres(?:ql)?:\/\//.test(url) || !URL.canParse(url)) {
    throw new DatabaseUrlError(
      'the URL of the database is not like postgresql://user:password@host:5432/app; in it a password ' +
        'has %40 for @, %3A for :, %2F for / and %23 for #',
    )
  }
  return url
}
