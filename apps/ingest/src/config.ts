import { processVariables } from '@clerk-sync/ops/process'
import type { Kept, SigningSecret } from '@clerk-sync/events'
import { fieldsLeftOut, keptBy, keptVariables, parseSigningSecrets } from '@clerk-sync/events'
import {
  host,
  milliseconds,
  optionalPostgresUrl,
  port,
  readConfig,
  variable,
} from '@clerk-sync/ops'
import type { Settings } from '@clerk-sync/ops'
import { locateQueue, missingQueue, redisUrl } from '@clerk-sync/queue'
import type { QueueLocation } from '@clerk-sync/queue'
import { z } from 'zod'

export const ingestVariables = {
  ...processVariables,
  CLERK_WEBHOOK_SIGNING_SECRET: variable(
    z.string().transform(toSecrets),
    'whsec_c2VjcmV0IGZyb20gdGhlIENsZXJrIGRhc2hib2FyZA==',
  ),
  CLERK_INSTANCE_ID: variable(z.string().optional(), 'ins_2abc'),
  REDIS_URL: redisUrl,
  DATABASE_URL: optionalPostgresUrl,
  PORT: port(3000),
  HOST: host,
  ...keptVariables,
  // Svix gives up after 15 s.
  ENQUEUE_TIMEOUT_MS: milliseconds(10_000),
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
}

/** @throws {ConfigError} that lists every problem. */
export function readIngestConfig(env: NodeJS.ProcessEnv): IngestConfig {
  const further = [...missingQueue(env), ...fieldsLeftOut(env)]
  const settings = readConfig(ingestVariables, env, further)
  return {
    ...settings,
    queue: locateQueue({ redisUrl: settings.REDIS_URL, databaseUrl: settings.DATABASE_URL }),
    secrets: settings.CLERK_WEBHOOK_SIGNING_SECRET,
    instanceId: settings.CLERK_INSTANCE_ID,
    kept: keptBy(settings),
    enqueueTimeoutMs: settings.ENQUEUE_TIMEOUT_MS,
  }
}

function toSecrets(text: string, context: z.RefinementCtx): SigningSecret[] {
  try {
    return parseSigningSecrets(text)
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `is wrong: ${error instanceof Error ? error.message : 'unreadable'}`,
    })
    return z.NEVER
  }
}
