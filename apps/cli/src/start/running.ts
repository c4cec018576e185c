import { rmSync } from 'node:fs'
import { readProcess } from '@clerk-sync/embedded-postgres'
import { z } from 'zod'
import { readText, writePrivately } from './data-dir.ts'
import type { DataDir } from './data-dir.ts'

/** How to reach what `start` runs, for the commands in another terminal. */
const runningSchema = z.object({
  pid: z.number(),
  // A pid is used again, in a container most of all; with the start time it is one process.
  startedAt: z.string(),
  webhookUrl: z.string(),
  signingSecret: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
  // What it keeps, as it was set.
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

/** What runs now on this data. The file of a process that has ended counts as none, also a broken one. */
export function findRunning(dir: DataDir): Running | undefined {
  const running = parseRunning(readText(dir.running) ?? '')
  const isSame = running && readProcess(running.pid)?.startedAt === running.startedAt
  return isSame ? running : undefined
}

/** The environment, for the commands that read Clerk; completed by what runs here unless it names a database. */
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

/** The fake of Clerk's API that runs here, unless the environment has a key for the real one. */
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
