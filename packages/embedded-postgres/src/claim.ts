import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { EmbeddedPostgresError } from './error.ts'
import { readProcess } from './process-table.ts'

/** The right of this process to run a server on one data directory. */
export interface Claim {
  release(): void
}

const writtenWithinMs = 1_000

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
  const claim = claimFile(`${dataDir}.owner`)
  if ('heldBy' in claim) throw inUse(dataDir, claim.heldBy)
  return claim
}

/** Claims a file for this process, or names the process that holds it; undefined when that is not known yet. */
export function claimFile(file: string): Claim | { readonly heldBy: number | undefined } {
  if (!writeOwner(file)) {
    const owner = readOwner(file)
    if (owner ? isAlive(owner) : isNew(file)) return { heldBy: owner?.pid }
    if (!removeStale(file) || !writeOwner(file)) return { heldBy: readOwner(file)?.pid }
  }
  return { release: () => rmSync(file, { force: true }) }
}

// Its owner may be about to write it.
function isNew(file: string): boolean {
  const { mtimeMs = 0 } = statSync(file, { throwIfNoEntry: false }) ?? {}
  return Date.now() - mtimeMs < writtenWithinMs
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
  const owner = readOwner(stale)
  if (owner && isAlive(owner)) {
    // Another process has taken it over since it was read.
    renameSync(stale, file)
    return false
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

function inUse(dataDir: string, heldBy: number | undefined): EmbeddedPostgresError {
  const holder = heldBy ? `process ${heldBy}` : 'another process'
  return new EmbeddedPostgresError('IN_USE', `${dataDir} is in use by ${holder}; stop it first.`)
}
