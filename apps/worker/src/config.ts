import { deletionPolicies, shortestLedgerRetentionDays } from '@clerk-sync/db'
import type { DeletionPolicy } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/entities'
import {
  count,
  databaseUrl,
  days,
  fieldsLeftOut,
  flag,
  host,
  keptBy,
  keptVariables,
  oneOf,
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
  ...keptVariables,
  DELETION_POLICY: oneOf(deletionPolicies, 'erase'),
  AUDIT_VALUES: flag(false),
  LEDGER_RETENTION_DAYS: days(90, {
    min: shortestLedgerRetentionDays,
    max: 36_500,
    why: 'Svix keeps a message for 90 days and can send it again as long',
  }),
}

export interface WorkerConfig extends Settings<typeof processVariables> {
  readonly HOST: string
  readonly databaseUrl: string
  readonly queue: QueueLocation
  /** The most events that one transaction writes. */
  readonly batchSize: number
  readonly kept: Kept
  readonly deletionPolicy: DeletionPolicy
  /** Whether the ledger keeps what changed, not only which columns did. */
  readonly auditValues: boolean
  readonly ledgerRetentionDays: number
  /** A job whose worker died runs again after about this long; the queue's default when absent. */
  readonly lockDurationMs?: number
}

/** @throws {ConfigError} that lists every problem. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const settings = readConfig(workerVariables, env, fieldsLeftOut(env))
  return {
    ...settings,
    databaseUrl: settings.DATABASE_URL,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    batchSize: settings.BATCH_SIZE,
    kept: keptBy(settings),
    deletionPolicy: settings.DELETION_POLICY,
    auditValues: settings.AUDIT_VALUES,
    ledgerRetentionDays: settings.LEDGER_RETENTION_DAYS,
  }
}
