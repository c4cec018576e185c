// A worker as a process of its own, for tests that kill it.
import { everything, selectKept } from '@clerk-sync/events'
import { createLogger, shutDownOnSignal } from '@clerk-sync/ops/process'
import { startWorker } from '@clerk-sync/worker'
import { Registry } from 'prom-client'

const { keepsEverything, ...settings } = JSON.parse(process.argv[2] ?? '{}')
// Functions, which JSON can't carry.
const kept = keepsEverything ? selectKept(everything) : selectKept()
const ops = { logger: createLogger({ name: 'test', level: 'silent' }), registry: new Registry() }
const worker = await startWorker({ ...settings, kept }, ops)
shutDownOnSignal({ logger: ops.logger, timeoutMs: 10_000, close: () => worker.close() })
process.send?.('started')
