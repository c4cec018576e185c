import { runProcess } from '@clerk-sync/ops/process'
import { readIngestConfig } from './config.ts'
import { startIngestProcesses } from './start.ts'

await runProcess('ingest', readIngestConfig, startIngestProcesses)
