import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedPostgresError } from './error.ts'
import { readProcess } from './process-table.ts'
import type { ProcessEntry } from './process-table.ts'
import { readPostmaster } from './postmaster-file.ts'

const pollMs = 25
/** How long a shutdown may take before the next, harder signal. */
export const fastShutdownMs = 5_000

/**
 * Stops the server that a killed process left running on dataDir; call only with a claim on it.
 *
 * @throws EmbeddedPostgresError ORPHAN_SURVIVES
 */
export async function stopOrphan(dataDir: string): Promise<void> {
  const postmaster = readPostmaster(dataDir)
  if (!postmaster) return
  const orphan = readProcess(postmaster.pid)
  // PostgreSQL copes with the file of a dead process by itself.
  if (!orphan) return
  if (!isPostgresOf(orphan, dataDir)) {
    // The pid went to another program, which PostgreSQL would take for a living server.
    rmSync(join(dataDir, 'postmaster.pid'), { force: true })
    return
  }
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    if (await endsAfter(orphan, signal)) return
  }
  throw new EmbeddedPostgresError(
    'ORPHAN_SURVIVES',
    `PostgreSQL process ${orphan.pid} still runs on ${dataDir} and can't be stopped; kill it first.`,
  )
}

function isPostgresOf(entry: ProcessEntry, dataDir: string): boolean {
  return /(^|\/)postgres\s/.test(entry.command) && entry.command.includes(dataDir)
}

async function endsAfter(orphan: ProcessEntry, signal: NodeJS.Signals): Promise<boolean> {
  const lives = () => readProcess(orphan.pid)?.startedAt === orphan.startedAt
  try {
    process.kill(orphan.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  for (let waited = 0; waited < fastShutdownMs && lives(); waited += pollMs) await sleep(pollMs)
  return !lives()
}
