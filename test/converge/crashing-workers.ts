import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Chain } from '../chain/chain.ts'

const script = fileURLToPath(new URL('crashing-worker-process.ts', import.meta.url))
// A job whose worker died is another's after about this long.
const lockDurationMs = 1_500

export interface CrashingWorkers {
  /** Ends one of them in the middle of whatever it does, without a word; another begins. */
  killOne(pick: number): void
  close(): Promise<void>
}

/** Real workers as processes of their own; resolves when they all work. */
export async function startMortalWorkers(chain: Chain, count: number): Promise<CrashingWorkers> {
  const config = {
    HOST: '127.0.0.1',
    databaseUrl: chain.databaseUrl,
    queue: chain.queue,
    batchSize: 20,
    deletionPolicy: 'erase',
    auditValues: true,
    ledgerRetentionDays: 90,
    lockDurationMs,
  }
  const start = () => fork(script, [JSON.stringify(config)])
  const workers = Array.from({ length: count }, start)
  await Promise.all(workers.map((worker) => once(worker, 'message')))

  async function end(worker: ChildProcess): Promise<void> {
    if (worker.exitCode !== null || worker.signalCode !== null) return
    const ended = once(worker, 'exit')
    worker.kill('SIGKILL')
    await ended
  }

  return {
    killOne(pick) {
      const place = pick % workers.length
      workers[place]?.kill('SIGKILL')
      workers[place] = start()
    },
    async close() {
      await Promise.all(workers.map(end))
    },
  }
}
