import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { randomBytes } from 'node:crypto'
import { createSigningSecret } from '@clerk-sync/events'
import { z } from 'zod'

export interface DataDir {
  readonly path: string
  readonly postgres: string
  readonly postgresLog: string
  readonly log: string
  readonly secrets: string
  readonly running: string
  /** Names the process that may use the directory. */
  readonly claim: string
}

/** The directory that holds everything that `start` keeps, `.data` below the working directory. */
export function locateDataDir(root = '.data'): DataDir {
  const path = resolve(root)
  return {
    path,
    postgres: join(path, 'postgres'),
    postgresLog: join(path, 'postgres.log'),
    log: join(path, 'clerk-sync.log'),
    secrets: join(path, 'secrets.json'),
    running: join(path, 'running.json'),
    claim: join(path, 'start.owner'),
  }
}

/**
 * Creates the directory for its owner alone, ignored by git, and takes the rights of others from what earlier releases
 * have written. From now on this process creates only files that nobody else can read.
 */
export function protectDataDir(dir: DataDir): void {
  process.umask(0o077)
  mkdirSync(dir.path, { recursive: true })
  chmodSync(dir.path, 0o700)
  // It has secrets, and stands in a directory that may be a repository.
  writeFileSync(join(dir.path, '.gitignore'), '*\n', { mode: 0o600 })
  for (const entry of readdirSync(dir.path, { withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(dir.path, entry.name), 0o600)
  }
}

/** Writes JSON that only this user can read. */
export function writePrivately(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 })
}

/** The text of a file, or undefined when there is none. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** What `start` generates once and keeps, so that every start has the same. */
const secretsSchema = z.object({
  databasePassword: z.string(),
  signingSecret: z.string(),
  boardPassword: z.string(),
})
export type Secrets = z.infer<typeof secretsSchema>

/**
 * The kept secrets; the first call generates them, but a password of the database that is given.
 *
 * @throws an Error when their file can't be read.
 */
export function keepSecrets(
  dir: DataDir,
  databasePassword = randomBytes(18).toString('base64url'),
): Secrets {
  const kept = readText(dir.secrets)
  if (kept !== undefined) return parseSecrets(kept, dir.secrets)
  const secrets = {
    databasePassword,
    signingSecret: createSigningSecret(),
    boardPassword: randomBytes(12).toString('base64url'),
  }
  writePrivately(dir.secrets, secrets)
  return secrets
}

function parseSecrets(text: string, file: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${file} can't be read: repair it, or remove its whole directory`, { cause })
  }
}
