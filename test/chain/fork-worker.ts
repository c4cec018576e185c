import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Chain } from './chain.ts'

interface ForkedWorkerSettings {
  readonly lockDurationMs: number
  readonly batchSize?: number
  readonly auditValues?: boolean
  readonly keepsEverything?: boolean
}

const script = join(import.meta.dirname, 'worker-process.ts')

/** Starts a worker as a process of its own, which sends a message when it has started. */
export function forkWorker(chain: Chain, settings: ForkedWorkerSettings): ChildProcess {
  const config = {
    HOST: '127.0.0.1',
    databaseUrl: chain.databaseUrl,
    queue: chain.queue,
    batchSize: 100,
    deletionPolicy: 'erase',
    auditValues: false,
    ledgerRetentionDays: 90,
    ...settings,
  }
  return fork(script, [JSON.stringify(config)])
}
