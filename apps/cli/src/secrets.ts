import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createSigningSecret } from '@clerk-sync/events'
import { z } from 'zod'
import { readText, writePrivately } from './data-dir.ts'
import type { DataDir } from './data-dir.ts'

/** What `start` makes up on first use and keeps: a second start finds the same. */
const secretsSchema = z.object({
  databasePassword: z.string(),
  signingSecret: z.string(),
  boardPassword: z.string(),
})
export type Secrets = z.infer<typeof secretsSchema>

/** The kept secrets, made up now when there are none. @throws an Error when their file is broken. */
export function keepSecrets(dir: DataDir): Secrets {
  const kept = readText(dir.secrets)
  if (kept !== undefined) return parseSecrets(kept, dir.secrets)
  mkdirSync(dir.path, { recursive: true })
  const secrets = {
    databasePassword: randomBytes(18).toString('base64url'),
    signingSecret: createSigningSecret(),
    boardPassword: randomBytes(12).toString('base64url'),
  }
  writePrivately(dir.secrets, secrets)
  return secrets
}

function parseSecrets(text: string, file: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Error(`${file} can't be read: mend it, or remove all of its directory`, { cause })
  }
}
