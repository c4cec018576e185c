import { processVariables } from '@clerk-sync/ops/process'
import type { Kept, SigningSecret } from '@clerk-sync/events'
import { fieldsLeftOut, keptBy, keptVariables, webhookSigningSecret } from '@clerk-sync/events'
import {
  count,
  host,
  optionalPostgresUrl,
  port,
  readConfig,
  tablesSchema,
  variable,
} from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import {
  ackDurability,
  enqueueTimeoutMs,
  locateQueue,
  missingQueue,
  redisUrl,
} from '@clerk-sync/queue'
import type { AckDurability, QueueLocation } from '@clerk-sync/queue'
import { z } from 'zod'

/** What ingest takes at once. With these it stays far below 512 MB. */
export const defaultLimits = {
  maxConnections: 1_000,
  maxRequestsWaiting: 500,
  maxBodyMemoryBytes: 64 * 1024 * 1024,
} as const

/** The variables that ingest reads. */
export const ingestVariables = {
  ...processVariables,
  TABLES_SCHEMA: tablesSchema,
  CLERK_WEBHOOK_SIGNING_SECRET: webhookSigningSecret,
  CLERK_INSTANCE_ID: variable(z.string().optional(), 'ins_2abc'),
  REDIS_URL: redisUrl,
  DATABASE_URL: optionalPostgresUrl,
  PORT: port(3000),
  HOST: host,
  ...keptVariables,
  ENQUEUE_TIMEOUT_MS: enqueueTimeoutMs,
  ACK_DURABILITY: ackDurability,
  INGEST_PROCESSES: count(1, 64),
  MAX_CONNECTIONS: count(defaultLimits.maxConnections, 100_000),
  MAX_REQUESTS_WAITING: count(defaultLimits.maxRequestsWaiting, 100_000),
  MAX_BODY_MEMORY_BYTES: count(defaultLimits.maxBodyMemoryBytes, 16 * 1024 ** 3),
}

export interface IngestConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly PORT: number
  readonly secrets: readonly SigningSecret[]
  readonly queue: QueueLocation
  /** Events of any other instance are acknowledged and dropped. */
  readonly instanceId: string | undefined
  readonly kept: Kept
  readonly enqueueTimeoutMs: number
  readonly ackDurability: AckDurability
  /** How many processes share PORT. */
  readonly processes: number
  readonly maxConnections: number
  readonly maxRequestsWaiting: number
  readonly maxBodyMemoryBytes: number
}

/**
 * Reads the settings of ingest.
 *
 * @throws {ConfigError} that lists every problem.
 */
export function readIngestConfig(env: NodeJS.ProcessEnv): IngestConfig {
  const moreProblems = [...missingQueue(env), ...fieldsLeftOut(env)]
  const settings = readConfig(ingestVariables, env, moreProblems)
  return {
    ...settings,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    secrets: settings.CLERK_WEBHOOK_SIGNING_SECRET,
    instanceId: settings.CLERK_INSTANCE_ID,
    kept: keptBy(settings),
    enqueueTimeoutMs: settings.ENQUEUE_TIMEOUT_MS,
    ackDurability: settings.ACK_DURABILITY,
    processes: settings.INGEST_PROCESSES,
    maxConnections: settings.MAX_CONNECTIONS,
    maxRequestsWaiting: settings.MAX_REQUESTS_WAITING,
    maxBodyMemoryBytes: settings.MAX_BODY_MEMORY_BYTES,
  }
}
