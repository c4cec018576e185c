import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'

const roomBytes = 3 * 1024 ** 3
const mostTries = 50
const roomOfTry = 32 * 1024

/** A file system of its own that can be filled. */
export interface Disk {
  /** Leaves no free block. */
  readonly fill: () => void
  readonly free: () => void
  readonly close: () => void
}

/** Mounts an empty one in memory on this directory. @throws Error where this user may not mount. */
export function mountDisk(dir: string): Disk {
  mkdirSync(dir, { recursive: true })
  const run = (command: string, ...args: string[]) =>
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  run('mount', '-t', 'tmpfs', '-o', `size=${roomBytes},mode=0755`, 'clerk-sync-chaos', dir)
  const close = () => {
    process.removeListener('exit', close)
    // Lazily: a server may still be ending.
    run('umount', '--lazy', dir)
  }
  // Before anything else that happens at the end of the process: what is mounted can't be removed.
  process.prependOnceListener('exit', close)
  const resize = (bytes: number) => run('mount', '-o', `remount,size=${bytes}`, dir)
  return {
    fill() {
      for (let tries = 1; ; tries += 1) {
        const { bsize, blocks, bfree } = statfsSync(dir)
        try {
          // Refused where the server has written more in between: each try leaves it more room, which
          // it fills itself.
          resize((blocks - bfree) * bsize + (tries - 1) * roomOfTry)
          return
        } catch (error) {
          if (tries >= mostTries) throw error
        }
      }
    },
    free: () => void resize(roomBytes),
    close,
  }
}
