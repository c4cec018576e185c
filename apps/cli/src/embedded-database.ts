import { createEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import type { EmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import type { DataDir } from './data-dir.ts'
import { isPortFree } from './port.ts'

// The same port at every start, so that a client's saved connection goes on working.
const usualPort = 54_329

/** PostgreSQL with its data in the data directory. */
export async function startEmbeddedDatabase(
  dir: DataDir,
  password: string,
): Promise<EmbeddedPostgres> {
  return createEmbeddedPostgres({
    dataDir: dir.postgres,
    port: (await isPortFree(usualPort, '127.0.0.1')) ? usualPort : 0,
    password,
    logFile: dir.postgresLog,
    // Otherwise a refused row stands in the log with all its values.
    settings: { log_error_verbosity: 'terse', log_min_error_statement: 'panic' },
  })
}
