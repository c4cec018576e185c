import type { DataDir } from '../data-dir.ts'
import { clerkOf, findRunning } from '../running.ts'
import { boardLogin } from '../start-config.ts'

/** Whose settings and connections are checked. */
export interface Subject {
  /** For people. */
  readonly name: string
  readonly env: NodeJS.ProcessEnv
  /** Undefined where the environment alone says what there is. */
  readonly running: { readonly webhookUrl: string } | undefined
}

/**
 * What `start` runs here, unless the environment names another database. `start` makes up the
 * settings that are not there.
 */
export function findSubject(env: NodeJS.ProcessEnv, dir: DataDir): Subject {
  const running = findRunning(dir)
  if (!running || (env['DATABASE_URL'] && env['DATABASE_URL'] !== running.databaseUrl)) {
    return { name: 'clerk-sync with the settings of this environment', env, running: undefined }
  }
  return {
    name: `clerk-sync as "start" runs it here (process ${running.pid})`,
    env: {
      ...env,
      ...clerkOf(running, env),
      DATABASE_URL: running.databaseUrl,
      REDIS_URL: running.redisUrl,
      CLERK_WEBHOOK_SIGNING_SECRET: running.signingSecret,
      SYNC_ENTITIES: running.syncEntities,
      SYNC_FIELDS: running.syncFields,
      // Any will do: it did start, so it has one.
      ...boardLogin(env, 'the one in .data'),
    },
    running: { webhookUrl: running.webhookUrl },
  }
}
