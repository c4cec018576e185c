import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What postmaster.pid says about the server of a data directory. */
export interface Postmaster {
  pid: number
  ready: boolean
}

/**
 * Reads DIR/postmaster.pid, or undefined when there is none.
 * Lines: PostgreSQL's src/include/utils/pidfile.h (1 = pid, 8 = status, which pg_ctl waits for).
 */
export function readPostmaster(dataDir: string): Postmaster | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const pid = Number(lines[0])
  return Number.isInteger(pid) && pid > 0 ? { pid, ready: lines[7]?.trim() === 'ready' } : undefined
}
