import { runProcess } from '@clerk-sync/ops/process'
import { readWorkerConfig } from './config.ts'
import { startWorker } from './start.ts'

await runProcess('worker', readWorkerConfig, startWorker)
