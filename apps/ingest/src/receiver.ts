import { runMember } from '@clerk-sync/ops/process'
import { readIngestConfig } from './config.ts'
import { startOneReceiver } from './start.ts'

// One of the processes that main.ts starts where INGEST_PROCESSES is more than 1.
await runMember('ingest', readIngestConfig, startOneReceiver)
