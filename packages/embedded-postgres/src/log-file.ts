import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'

const tailLines = 10

/** The file that one run of the server writes to by itself, so that it outlives us. */
export interface LogFile {
  fd: number
  readTail(): string
  [Symbol.dispose](): void
}

/** Opens a log for appending, or for this run only when `keep` is false. */
export function createLogFile(path: string, keep: boolean): LogFile {
  mkdirSync(dirname(path), { recursive: true })
  const fd = openSync(path, keep ? 'a' : 'w', 0o600)
  const start = fstatSync(fd).size
  return {
    fd,
    readTail: () => {
      const written = readFileSync(path).subarray(start).toString()
      return written.trimEnd().split('\n').slice(-tailLines).join('\n')
    },
    [Symbol.dispose]: () => closeSync(fd),
  }
}
