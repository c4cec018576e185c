import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

export interface DataDir {
  readonly path: string
  readonly postgres: string
  readonly postgresLog: string
  readonly log: string
  readonly secrets: string
  readonly running: string
}

/** The directory that holds everything that `start` keeps, `.data` below the working directory. */
export function locateDataDir(root = '.data'): DataDir {
  const path = resolve(root)
  return {
    path,
    postgres: join(path, 'postgres'),
    postgresLog: join(path, 'postgres.log'),
    log: join(path, 'clerk-sync.log'),
    secrets: join(path, 'secrets.json'),
    running: join(path, 'running.json'),
  }
}

/** Writes JSON that only this user can read. */
export function writePrivately(file: string, value: unknown): void {
  writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 })
}

/** The text of a file, or undefined when there is none. */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
