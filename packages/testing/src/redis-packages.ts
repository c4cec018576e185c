import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { unpackDebianPackages } from './debian-packages.ts'
import type { RedisProgram } from './redis-server.ts'

/**
 * Unpacks Debian's or Ubuntu's valkey-server, if need be from the backports of the release, without
 * installing anything.
 *
 * @throws Error when this is another system or the packages can't be had
 */
export async function unpackValkey(cache: string): Promise<RedisProgram> {
  const packages = ['valkey-server', 'valkey-tools']
  const { root, libraryPath } = await unpackDebianPackages(packages, cache, { backports: true })
  return { program: join(root, 'usr/bin/valkey-server'), libraryPath }
}

/**
 * Unpacks Debian's or Ubuntu's own redis-server, without installing anything.
 *
 * @throws Error when this is another system or the packages can't be had
 */
export async function unpackRedis(cache: string): Promise<RedisProgram> {
  const { root, libraryPath } = await unpackDebianPackages(['redis-server', 'redis-tools'], cache)
  const program = join(root, 'usr/bin/redis-server')
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath }
  await promisify(execFile)(program, ['--version'], { env })
  return { program, libraryPath }
}
