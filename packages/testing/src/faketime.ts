import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { cacheDir } from './cache-dir.ts'
import { unpackDebianPackages } from './debian-packages.ts'

/**
 * Provides Debian's libfaketime, without installing anything. Returns the variables with which a
 * process has a clock that is wrong by so many seconds; its timers stay right.
 *
 * @throws Error when this is another system or the package can't be had
 */
export async function provideFaketime(): Promise<(seconds: number) => Record<string, string>> {
  const { root } = await unpackDebianPackages(['libfaketime'], join(cacheDir, 'faketime'))
  const { arch } = process
  const triple = arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu'
  const library = join(root, 'usr/lib', triple, 'faketime/libfaketimeMT.so.1')
  if (!existsSync(library)) throw new Error(`libfaketime is not in its package for ${arch}`)
  return (seconds) => ({
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}s`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    FAKETIME_DONT_RESET: '1',
  })
}
