import { lstatSync, readdirSync, rmSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { removeEmbeddedPostgres } from '@clerk-sync/embedded-postgres'
import type { DataDir } from './data-dir.ts'

/** Whoever asks a person: the terminal that the command runs in, if it runs in one. */
export interface Asking {
  readonly input: NodeJS.ReadableStream & { isTTY?: boolean }
  readonly output: NodeJS.WritableStream
}

/** @throws an Error when the data directory may lead somewhere else. */
export function refuseLink({ path }: DataDir): void {
  if (!lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return
  throw new Error(`${path} is a symbolic link: --reset deletes nothing elsewhere`)
}

/**
 * Deletes what earlier starts have made in the data directory, and nothing else, after a person has said
 * yes. Call it with a claim on the directory.
 *
 * @throws an Error when nobody says yes.
 */
export async function resetDataDir(
  dir: DataDir,
  { yes = false, given }: { yes?: boolean | undefined; given: readonly string[] },
  { input, output }: Asking = { input: process.stdin, output: process.stdout },
): Promise<void> {
  const files = [dir.postgresLog, dir.log, dir.secrets, dir.running]
  if (!yes) {
    if (!input.isTTY) {
      throw new Error(
        `--reset deletes what is in ${dir.path} and asks before: run it in a terminal, or add --yes`,
      )
    }
    const others = given.length > 0 ? `What ${given.join(' and ')} names stays as it is.\n` : ''
    output.write(
      `This deletes what start keeps in ${dir.path}: the embedded database with all its rows, the generated secrets and the logs.\n${others}`,
    )
    if (!(await saysYes({ input, output }))) throw new Error('nothing was deleted')
  }
  await removeEmbeddedPostgres(dir.postgres)
  for (const file of files) rmSync(file, { force: true })
  const kept = [basename(dir.claim), '.gitignore']
  const left = readdirSync(dir.path).filter((name) => !kept.includes(name))
  const stays = left.length > 0 ? `; what start has not made stays: ${left.join(', ')}` : ''
  output.write(`deleted what start has made in ${dir.path}${stays}\n`)
}

function saysYes({ input, output }: Asking): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const lines = createInterface({ input, output, terminal: false })
  // Also at Ctrl-D.
  lines.once('close', () => resolve(false))
  lines.question('Delete it? [y/N] ', (answer) => {
    resolve(/^y(es)?$/i.test(answer.trim()))
    lines.close()
  })
  return promise
}
