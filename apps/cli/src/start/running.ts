import { rmSync } from 'node:fs'
import { readProcess } from '@clerk-sync/embedded-postgres'
import { tablesSchemaOf } from '@clerk-sync/ops'
import { z } from 'zod'
import { readText, writePrivately } from './data-dir.ts'
import type { DataDir } from './data-dir.ts'

/** How to reach what `start` runs, for the commands in another terminal. */
const runningSchema = z.object({
  pid: z.number(),
  // The system uses a pid again, most of all in a container. With the start time it names one process.
  startedAt: z.string(),
  webhookUrl: z.string(),
  signingSecret: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  // SYNC_ENTITIES and SYNC_FIELDS of that process.
  syncEntities: z.string().optional(),
  syncFields: z.string().optional(),
  // CLERK_INSTANCE_ID of that process.
  instanceId: z.string().optional(),
  // The fake of Clerk's Backend API, where one runs.
  fakeClerk: z.object({ url: z.string(), secretKey: z.string() }).optional(),
})
export type Running = z.infer<typeof runningSchema>

export function announceRunning(dir: DataDir, running: Omit<Running, 'pid' | 'startedAt'>): void {
  const startedAt = readProcess(process.pid)?.startedAt ?? ''
  writePrivately(dir.running, { pid: process.pid, startedAt, ...running })
}

export function forgetRunning(dir: DataDir): void {
  rmSync(dir.running, { force: true })
}

/** The `start` that runs now on this data directory, if one does. A crash may leave a file, also half of one. */
export function findRunning(dir: DataDir): Running | undefined {
  const running = parseRunning(readText(dir.running) ?? '')
  const isSame = running && readProcess(running.pid)?.startedAt === running.startedAt
  return isSame ? running : undefined
}

/** The `start` that runs here, unless the environment names another database than its own. */
export function findOwn(env: NodeJS.ProcessEnv, running: Running | undefined): Running | undefined {
  const named = env['DATABASE_URL']
  return running && (!named || isSameDatabase(named, running.databaseUrl)) ? running : undefined
}

/** The environment, with database and Clerk of the `start` that runs here unless it names another database. */
export function withRunning(
  env: NodeJS.ProcessEnv,
  running: Running | undefined,
): NodeJS.ProcessEnv {
  const own = findOwn(env, running)
  if (!own) return env
  const { databaseUrl, syncEntities, syncFields } = own
  return {
    ...env,
    // It may have another role.
    DATABASE_URL: env['DATABASE_URL'] || databaseUrl,
    SYNC_ENTITIES: syncEntities,
    SYNC_FIELDS: syncFields,
    ...clerkOf(own, env),
  }
}

/** Whether two URLs lead to the same tables, whatever their users and other parameters are. */
function isSameDatabase(one: string, other: string): boolean {
  if (one === other) return true
  const [first, second] = [placeOf(one), placeOf(other)]
  return first !== undefined && first === second
}

// Undefined for what only the driver understands, such as a socket.
function placeOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (!url || url.hostname === '' || url.searchParams.has('host')) return undefined
  const host = ['localhost', '[::1]'].includes(url.hostname) ? '127.0.0.1' : url.hostname
  // Without a name, the database is that of the user's.
  const name = decodeURIComponent(url.pathname.slice(1)) || decodeURIComponent(url.username)
  return JSON.stringify([host.toLowerCase(), url.port || '5432', name, tablesSchemaOf(text)])
}

/**
 * The fake Clerk API that runs here, unless the environment sets CLERK_SECRET_KEY. It is an instance of
 * its own: CLERK_INSTANCE_ID is about the events that ingest keeps, not about this one.
 */
export function clerkOf(
  { fakeClerk }: Pick<Running, 'fakeClerk'>,
  env: NodeJS.ProcessEnv,
): NodeJS.ProcessEnv {
  if (!fakeClerk || env['CLERK_SECRET_KEY']) return {}
  return {
    CLERK_SECRET_KEY: fakeClerk.secretKey,
    CLERK_API_URL: fakeClerk.url,
    CLERK_INSTANCE_ID: undefined,
  }
}

function parseRunning(text: string): Running | undefined {
  try {
    return runningSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
