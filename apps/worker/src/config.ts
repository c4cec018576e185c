import { processVariables } from '@clerk-sync/ops/process'
import { clerkApiUrl, optionalClerkSecretKey } from '@clerk-sync/events/backend-api'
import { deletionPolicies, shortestLedgerRetentionDays } from '@clerk-sync/db'
import type { DeletionPolicy } from '@clerk-sync/db'
import type { Kept } from '@clerk-sync/events'
import {
  count,
  postgresUrl,
  days,
  flag,
  host,
  oneOf,
  readConfig,
  tablesSchema,
  variable,
} from '@clerk-sync/ops'
import { fieldsLeftOut, keptBy, keptVariables } from '@clerk-sync/events'
import type { Settings, Variable } from '@clerk-sync/ops'
import { parseDeleteLimit } from '@clerk-sync/sync'
import type { DeleteLimit } from '@clerk-sync/sync'
import { isCron, locateQueue, redisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { z } from 'zod'

const deleteLimit: Variable<DeleteLimit> = variable(
  z
    .string()
    .default('1%')
    .transform((text, context) => {
      const limit = parseDeleteLimit(text)
      if (limit) return limit
      context.addIssue({ code: 'custom', message: 'must be a number of rows or a share, as in 2%' })
      return z.NEVER
    }),
  '1%',
)

export const workerVariables = {
  ...processVariables,
  TABLES_SCHEMA: tablesSchema,
  DATABASE_URL: postgresUrl,
  REDIS_URL: redisUrl,
  HOST: host,
  BATCH_SIZE: count(200, 1_000),
  ...keptVariables,
  DELETION_POLICY: oneOf(deletionPolicies, 'erase'),
  AUDIT_VALUES: flag(false),
  LEDGER_RETENTION_DAYS: days(90, {
    min: shortestLedgerRetentionDays,
    max: 36_500,
    why: 'Svix keeps a message for 90 days and can send it again as long',
  }),
  RECONCILE_CRON: variable(
    z.string().refine(isCron, 'must be a time as cron writes it').optional(),
    "'17 3 * * *'",
  ),
  RECONCILE_REPAIR: flag(false),
  RECONCILE_MAX_DELETES: deleteLimit,
  CLERK_INSTANCE_ID: variable(z.string().optional(), 'ins_2abc'),
  CLERK_SECRET_KEY: optionalClerkSecretKey,
  CLERK_API_URL: clerkApiUrl,
}

/** When and how the worker compares Clerk and the tables. */
export interface ReconcileConfig {
  readonly cron: string
  readonly repair: boolean
  /** How many rows of one entity a repair may delete. */
  readonly maxDeletes: DeleteLimit
  readonly secretKey: string
  readonly apiUrl: string
  /** The instance that the key has to be of; absent: the one that was read first. */
  readonly instanceId: string | undefined
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
  /** Absent: never. */
  readonly reconcile?: ReconcileConfig
  /** A job whose worker died runs again after about this long; the queue's default when absent. */
  readonly lockDurationMs?: number
}

/** @throws {ConfigError} that lists every problem. */
export function readWorkerConfig(env: NodeJS.ProcessEnv): WorkerConfig {
  const settings = readConfig(workerVariables, env, [...fieldsLeftOut(env), ...missingKey(env)])
  const { RECONCILE_CRON: cron, CLERK_SECRET_KEY: secretKey } = settings
  return {
    ...settings,
    databaseUrl: settings.DATABASE_URL,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    batchSize: settings.BATCH_SIZE,
    kept: keptBy(settings),
    deletionPolicy: settings.DELETION_POLICY,
    auditValues: settings.AUDIT_VALUES,
    ledgerRetentionDays: settings.LEDGER_RETENTION_DAYS,
    ...(cron && secretKey
      ? {
          reconcile: {
            cron,
            repair: settings.RECONCILE_REPAIR,
            maxDeletes: settings.RECONCILE_MAX_DELETES,
            secretKey,
            apiUrl: settings.CLERK_API_URL,
            instanceId: settings.CLERK_INSTANCE_ID,
          },
        }
      : {}),
  }
}

function missingKey(env: NodeJS.ProcessEnv): string[] {
  if (!env['RECONCILE_CRON'] || env['CLERK_SECRET_KEY']) return []
  return ['RECONCILE_CRON is set, but CLERK_SECRET_KEY is not: reconciling reads Clerk']
}
