export { createEmbeddedPostgres } from './embedded-postgres.ts'
export type { EmbeddedPostgres, EmbeddedPostgresOptions, ServerExit } from './embedded-postgres.ts'
export { EmbeddedPostgresError } from './error.ts'
export { readProcess } from './process-table.ts'
