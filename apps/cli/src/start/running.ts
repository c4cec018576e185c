import { rmSync } from 'node:fs'
import { readProcess } from '@clerk-sync/embedded-postgres'
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

/** The environment, with database and Clerk of the `start` that runs here unless it sets DATABASE_URL. */
export function withRunning(
  env: NodeJS.ProcessEnv,
  running: Running | undefined,
): NodeJS.ProcessEnv {
  if (!running || env['DATABASE_URL']) return env
  const { databaseUrl, syncEntities, syncFields } = running
  return {
    ...env,
    DATABASE_URL: databaseUrl,
    SYNC_ENTITIES: syncEntities,
    SYNC_FIELDS: syncFields,
    ...clerkOf(running, env),
  }
}

/** The fake Clerk API that runs here, unless the environment sets CLERK_SECRET_KEY. */
export function clerkOf({ fakeClerk }: Running, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (!fakeClerk || env['CLERK_SECRET_KEY']) return {}
  return { CLERK_SECRET_KEY: fakeClerk.secretKey, CLERK_API_URL: fakeClerk.url }
}

function parseRunning(text: string): Running | undefined {
  try {
    return runningSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}
