// Runs a worker that keeps everything as a process of its own, for a test that kills it.
import { everything, selectKept } from '@clerk-sync/events'
import { createLogger } from '@clerk-sync/ops/process'
import { startWorker } from '@clerk-sync/worker'
import { Registry } from 'prom-client'

const config = { ...JSON.parse(process.argv[2] ?? '{}'), kept: selectKept(everything) }
const ops = { logger: createLogger({ name: 'test', level: 'silent' }), registry: new Registry() }
await startWorker(config, ops)
process.send?.('started')
