import { runProcess } from '@clerk-sync/ops'
import { readIngestConfig } from './config.ts'
import { startIngest } from './start.ts'

await runProcess('ingest', readIngestConfig, startIngest)
