import { withoutTablesSchema } from './tables-schema.ts'
import { explainTls, readTlsParameters, tlsParameters } from './tls.ts'
import type { ConnectionAdvice, TlsOptions } from './tls.ts'

/** What a URL of PostgreSQL means to node-postgres. */
export interface PostgresConnection {
  readonly connectionString: string
  readonly ssl?: TlsOptions | false
  readonly sslnegotiation?: 'direct' | 'postgres'
}

/**
 * The options for `pg.Client` and `pg.Pool`. The driver itself would treat `verify-ca` as `verify-full`,
 * and print a warning for `require`.
 *
 * @throws {TlsParameterError}
 */
export function postgresConnection(given: string): PostgresConnection {
  const text = withoutTablesSchema(given)
  const url = new URL(text)
  const query = url.searchParams
  // Whoever asks for the meanings of libpq gets them from the driver.
  if (query.get('uselibpqcompat') === 'true') return { connectionString: text }
  const ssl = readTlsParameters(query)
  if (ssl === undefined) return { connectionString: text }
  const negotiation = query.get('sslnegotiation')
  // The driver would let these win over `ssl`.
  for (const name of [...tlsParameters, 'ssl', 'sslnegotiation']) query.delete(name)
  const direct = negotiation === 'direct' && ssl !== false
  return { connectionString: url.href, ssl, ...(direct && { sslnegotiation: 'direct' }) }
}

/**
 * Explains why a connection to PostgreSQL failed; undefined when that is not known. `sqlState` is what
 * the server answered, if it did.
 */
export function explainPostgres(
  message: string,
  sqlState: string | undefined,
): ConnectionAdvice | undefined {
  const advice = explainTls(message, 'DATABASE_URL')
  if (advice) return advice
  switch (sqlState) {
    case '28P01':
    case '28000':
      return {
        cause: 'the server refuses the user or the password in DATABASE_URL',
        cure: 'set both right; in a URL a password has %40 for @, %3A for :, %2F for / and %23 for #',
      }
    case '3D000':
      return {
        cause: 'the server has no database of the name in DATABASE_URL',
        cure: 'create it with CREATE DATABASE, or set the right name: the part behind the last slash',
      }
    case '25006':
      return {
        cause: 'the server is a replica, or default_transaction_read_only is on',
        cure: 'set DATABASE_URL to the primary, or BEGIN READ WRITE; ALTER DATABASE … RESET default_transaction_read_only; COMMIT, and the same for the role',
      }
    case '53300':
      return {
        cause: 'all connections that the server allows are in use',
        cure: 'raise max_connections, or end other sessions',
      }
    case '42501':
      return {
        cause: 'the user in DATABASE_URL lacks a right',
        cure: 'run packages/db/roles/roles.sql again, or give it the rights of its role there',
      }
    case undefined:
    default:
      return undefined
  }
}
