import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { giveTo, spawnAs } from './account.ts'
import type { Account } from './account.ts'
import { EmbeddedPostgresError } from './error.ts'

export interface InitialiseInput {
  initdb: string
  dataDir: string
  password: string
  /** Replaces a cluster that is there. */
  fresh: boolean
}

/**
 * Makes a new cluster in dataDir unless one is there.
 * dataDir appears by a rename when all is done, so an interrupted run leaves nothing half-made.
 *
 * @throws EmbeddedPostgresError DATA_DIR_FOREIGN, INITDB_FAILED
 */
export async function initialise(
  account: Account | undefined,
  { initdb, dataDir, password, fresh }: InitialiseInput,
): Promise<void> {
  if (!fresh && existsSync(join(dataDir, 'PG_VERSION'))) return
  const { unfinished, passwordFile } = removeCluster(dataDir)
  mkdirSync(unfinished, { mode: 0o700 })
  giveTo(account, unfinished)
  try {
    writeFileSync(passwordFile, password, { mode: 0o600, flag: 'wx' })
    giveTo(account, passwordFile)
    await runInitdb(account, initdb, unfinished, passwordFile)
  } finally {
    rmSync(passwordFile, { force: true })
  }
  renameSync(unfinished, dataDir)
}

/**
 * Deletes the cluster in dataDir, and what an interrupted run has left beside it.
 *
 * @throws EmbeddedPostgresError DATA_DIR_FOREIGN
 */
export function removeCluster(dataDir: string): { unfinished: string; passwordFile: string } {
  if (existsSync(join(dataDir, 'PG_VERSION'))) rmSync(dataDir, { recursive: true })
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new EmbeddedPostgresError(
      'DATA_DIR_FOREIGN',
      `${dataDir} is not empty and holds no PostgreSQL data; move it or name another directory.`,
    )
  }
  const unfinished = `${dataDir}.new`
  const passwordFile = `${dataDir}.password`
  rmSync(unfinished, { recursive: true, force: true })
  rmSync(passwordFile, { force: true })
  return { unfinished, passwordFile }
}

async function runInitdb(
  account: Account | undefined,
  initdb: string,
  dataDir: string,
  passwordFile: string,
): Promise<void> {
  const args = [
    `--pgdata=${dataDir}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    // The same on every machine, whatever its locales: text sorts by code point.
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
  ]
  const child = spawnAs(account, initdb, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const [[status], stderr] = await Promise.all([
    once(child, 'exit'),
    child.stderr ? text(child.stderr) : '',
  ])
  if (status !== 0) {
    throw new EmbeddedPostgresError(
      'INITDB_FAILED',
      `${stderr.trim()}\nSet DATABASE_URL to a PostgreSQL server of your own if you can't fix that.`,
    )
  }
}
