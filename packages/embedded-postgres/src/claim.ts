import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { EmbeddedPostgresError } from './error.ts'
import { readProcess } from './process-table.ts'

/** The right of this process to run a server on one data directory. */
export interface Claim {
  release(): void
}

interface Owner {
  pid: number
  startedAt: string
}

/**
 * Claims dataDir with a file beside it that names this process; the file of a process that has ended is taken over.
 *
 * @throws EmbeddedPostgresError IN_USE while the owner lives
 */
export function createClaim(dataDir: string): Claim {
  const file = `${dataDir}.owner`
  if (!writeOwner(file)) {
    const owner = readOwner(file)
    if (owner && isAlive(owner)) throw inUse(dataDir, owner)
    if (!removeStale(file) || !writeOwner(file)) throw inUse(dataDir, readOwner(file))
  }
  return { release: () => rmSync(file, { force: true }) }
}

function writeOwner(file: string): boolean {
  const startedAt = readProcess(process.pid)?.startedAt ?? ''
  try {
    writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt }), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

// Renamed before it is removed: of two processes that take over the same file, one succeeds.
function removeStale(file: string): boolean {
  const stale = `${file}.${process.pid}`
  try {
    renameSync(file, stale)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  rmSync(stale)
  return true
}

function readOwner(file: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Owner
  } catch {
    // A crash between creating and writing the file leaves it empty: nobody's.
    return undefined
  }
}

function isAlive(owner: Owner): boolean {
  return readProcess(owner.pid)?.startedAt === owner.startedAt
}

function inUse(dataDir: string, owner: Owner | undefined): EmbeddedPostgresError {
  const holder = owner ? `process ${owner.pid}` : 'another process'
  return new EmbeddedPostgresError('IN_USE', `${dataDir} is in use by ${holder}; stop it first.`)
}
