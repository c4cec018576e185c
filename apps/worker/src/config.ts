import {
  count,
  databaseUrl,
  host,
  optionalRedisUrl,
  processVariables,
  readConfig,
} from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import { locateQueue } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'

export const workerVariables = {
  ...processVariables,
  DATABASE_URL: databaseUrl,
  REDIS_URL: optionalRedisUrl,
  HOST: host,
  BATCH_SIZE: count(100, 1_000),
}

export interface WorkerConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly databaseUrl: string
  readonly queue: QueueLocation
  /** The most events that one transaction writes. */
  readonly batchSize: number
  /** A job whose worker died runs again after about this long; the queue's default when absent. */
  readonly lockDurationMs?: number
}

/** @throws {ConfigError} that lists every problem. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const settings = readConfig(workerVariables, env)
  return {
    ...settings,
    databaseUrl: settings.DATABASE_URL,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    batchSize: settings.BATCH_SIZE,
  }
}
