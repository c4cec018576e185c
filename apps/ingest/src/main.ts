import { runProcess } from '@clerk-sync/ops/process'
import { readIngestConfig } from './config.ts'
import { startIngest } from './start.ts'

await runProcess('ingest', readIngestConfig, startIngest)
