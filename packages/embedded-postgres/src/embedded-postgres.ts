import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { chooseAccount } from './account.ts'
import { findBinaries } from './binaries.ts'
import { createClaim } from './claim.ts'
import { initialise, removeCluster } from './initialise.ts'
import { stopOrphan } from './orphan.ts'
import { choosePort } from './port.ts'
import { createServerProcess } from './server-process.ts'
import type { ServerExit } from './server-process.ts'

export type { ServerExit }

export interface EmbeddedPostgresOptions {
  /** Created on first use; DIR.owner and DIR.log are written beside it. */
  dataDir: string
  /** 0 = any free port. */
  port: number
  /** Set on first use; later starts on the same data must give the same. */
  password: string
  /** Appended to; without it only the last run's log is kept, in DIR.log. */
  logFile?: string
  /** Deletes what dataDir holds, once no other process uses it. */
  fresh?: boolean
  /** Server settings, as in postgresql.conf. */
  settings?: Record<string, string>
}

export interface EmbeddedPostgres {
  /** postgresql://postgres:PASSWORD@127.0.0.1:PORT/postgres */
  url: string
  port: number
  pid: number
  /** Ends all sessions, writes a checkpoint and waits until the server has ended. */
  stop(): Promise<void>
  /** Settles when the server has ended, asked for or not. */
  exited: Promise<ServerExit>
}

/**
 * Starts PostgreSQL on 127.0.0.1 with its data in dataDir, creating it on first use.
 * A server that a killed process left on the same data is stopped first. It has a process group of
 * its own, so Ctrl-C does not reach it: handle SIGINT and SIGTERM and call stop().
 *
 * @throws EmbeddedPostgresError
 */
export async function createEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { initdb, postgres } = await findBinaries()
  const dataDir = resolveDataDir(options.dataDir)
  const account = chooseAccount(dataDir, [postgres])
  const claim = createClaim(dataDir)
  try {
    await stopOrphan(dataDir)
    const { password, fresh = false } = options
    await initialise(account, { initdb, dataDir, password, fresh })
    const port = await choosePort(options.port)
    const server = await createServerProcess(account, { ...options, postgres, dataDir, port })
    const exited = server.exited.finally(() => claim.release())
    return {
      url: `postgresql://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`,
      port,
      pid: server.pid,
      exited,
      stop: async () => {
        await server.stop()
        await exited
      },
    }
  } catch (error) {
    claim.release()
    throw error
  }
}

/**
 * Deletes the cluster in dataDir and what an interrupted start has left beside it. A server that a killed
 * process left there is stopped first. Without a cluster it deletes nothing there.
 *
 * @throws EmbeddedPostgresError IN_USE, DATA_DIR_FOREIGN, ORPHAN_SURVIVES
 */
export async function removeEmbeddedPostgres(dir: string): Promise<void> {
  const dataDir = resolveDataDir(dir)
  const claim = createClaim(dataDir)
  try {
    await stopOrphan(dataDir)
    removeCluster(dataDir)
  } finally {
    claim.release()
  }
}

function resolveDataDir(dataDir: string): string {
  if (existsSync(dataDir)) return realpathSync(dataDir)
  mkdirSync(dirname(dataDir), { recursive: true })
  return join(realpathSync(dirname(dataDir)), basename(dataDir))
}
