// Runs a worker as a process of its own, for tests that kill it.
import { selectKept } from '@clerk-sync/events'
import { createLogger, shutDownOnSignal } from '@clerk-sync/ops/process'
import { startWorker } from '@clerk-sync/worker'
import { Registry } from 'prom-client'

// What is kept has functions, which JSON can't carry.
const config = { ...JSON.parse(process.argv[2] ?? '{}'), kept: selectKept() }
const ops = { logger: createLogger({ name: 'test', level: 'silent' }), registry: new Registry() }
const worker = await startWorker(config, ops)
shutDownOnSignal({ logger: ops.logger, timeoutMs: 10_000, close: () => worker.close() })
