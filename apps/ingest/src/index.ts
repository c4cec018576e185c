export { defaultLimits, ingestVariables, readIngestConfig } from './config.ts'
export type { IngestConfig } from './config.ts'
export { startIngest } from './start.ts'
export type { Ingest } from './start.ts'
