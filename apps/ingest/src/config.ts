import { processVariables } from '@clerk-sync/ops/process'
import type { Kept, SigningSecret } from '@clerk-sync/events'
import { fieldsLeftOut, keptBy, keptVariables, webhookSigningSecret } from '@clerk-sync/events'
import { host, optionalPostgresUrl, port, readConfig, variable } from '@clerk-sync/ops'
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

/** The variables that ingest reads. */
export const ingestVariables = {
  ...processVariables,
  CLERK_WEBHOOK_SIGNING_SECRET: webhookSigningSecret,
  CLERK_INSTANCE_ID: variable(z.string().optional(), 'ins_2abc'),
  REDIS_URL: redisUrl,
  DATABASE_URL: optionalPostgresUrl,
  PORT: port(3000),
  HOST: host,
  ...keptVariables,
  ENQUEUE_TIMEOUT_MS: enqueueTimeoutMs,
  ACK_DURABILITY: ackDurability,
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
  }
}
