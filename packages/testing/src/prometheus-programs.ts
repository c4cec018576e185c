import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheDir } from './cache-dir.ts'
import { unpackDebianPackages } from './debian-packages.ts'
import { findProgram } from './find-program.ts'

/** Paths of the programs. */
export interface PrometheusPrograms {
  prometheus: string
  promtool: string
}

/**
 * Finds Prometheus and its promtool on the PATH, else unpacks Debian's package.
 *
 * @throws Error that says how to get them: their tests are never skipped
 */
export async function findPrometheus(): Promise<PrometheusPrograms> {
  const prometheus = findProgram('prometheus')
  const promtool = findProgram('promtool')
  if (prometheus && promtool) return { prometheus, promtool }
  try {
    const { root } = await unpackDebianPackages(['prometheus'], join(cacheDir, 'prometheus'))
    const directory = join(root, 'usr/bin')
    return { prometheus: join(directory, 'prometheus'), promtool: join(directory, 'promtool') }
  } catch (cause) {
    throw new Error(`install prometheus, with promtool: ${(cause as Error).message}`, { cause })
  }
}

/** What promtool prints; fails with it when promtool does. */
export async function runPromtool(args: readonly string[], cwd: string): Promise<string> {
  const { promtool } = await findPrometheus()
  try {
    return (await promisify(execFile)(promtool, [...args], { cwd })).stdout
  } catch (cause) {
    const { stdout, stderr } = cause as { stdout: string; stderr: string }
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause })
  }
}
