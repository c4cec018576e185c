import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { readProcess } from '@clerk-sync/embedded-postgres'
import { createSigningSecret } from '@clerk-sync/events'
import { z } from 'zod'

/** What `start` makes up on first use and keeps: a second start finds the same. */
const secretsSchema = z.object({
  databasePassword: z.string(),
  signingSecret: z.string(),
  boardPassword: z.string(),
})
export type Secrets = z.infer<typeof secretsSchema>

/** How to reach what `start` runs, for the commands in another terminal. */
const runningSchema = z.object({
  pid: z.number(),
  // A pid is used again, in a container most of all; with the start time it is one process.
  startedAt: z.string(),
  webhookUrl: z.string(),
  signingSecret: z.string(),
  databaseUrl: z.string(),
  redisUrl: z.string().optional(),
})
export type Running = z.infer<typeof runningSchema>

export interface DataDir {
  readonly path: string
  readonly postgres: string
  readonly postgresLog: string
  readonly log: string
}

/** The directory that holds everything that `start` keeps, `.data` below the working directory. */
export function locateDataDir(root = '.data'): DataDir {
  const path = resolve(root)
  return {
    path,
    postgres: join(path, 'postgres'),
    postgresLog: join(path, 'postgres.log'),
    log: join(path, 'clerk-sync.log'),
  }
}

/** The kept secrets, made up now when there are none. */
export function keepSecrets(dir: DataDir): Secrets {
  const file = join(dir.path, 'secrets.json')
  const kept = readJson(file, secretsSchema)
  if (kept) return kept
  mkdirSync(dir.path, { recursive: true })
  const secrets = {
    databasePassword: randomBytes(18).toString('base64url'),
    signingSecret: createSigningSecret(),
    boardPassword: randomBytes(12).toString('base64url'),
  }
  writePrivately(file, secrets)
  return secrets
}

export function announceRunning(dir: DataDir, running: Omit<Running, 'pid' | 'startedAt'>): void {
  const startedAt = readProcess(process.pid)?.startedAt ?? ''
  writePrivately(runningFile(dir), { pid: process.pid, startedAt, ...running })
}

export function forgetRunning(dir: DataDir): void {
  rmSync(runningFile(dir), { force: true })
}

/** What runs now on this data, or undefined. */
export function findRunning(dir: DataDir): Running | undefined {
  const running = readJson(runningFile(dir), runningSchema)
  const isSame = running && readProcess(running.pid)?.startedAt === running.startedAt
  return isSame ? running : undefined
}

const runningFile = (dir: DataDir) => join(dir.path, 'running.json')

function writePrivately(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 })
}

function readJson<T>(file: string, schema: z.ZodType<T>): T | undefined {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${file} can't be read; mend it, or remove it to have it made anew`, { cause })
  }
}
