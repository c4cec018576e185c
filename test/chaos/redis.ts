import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { retry } from '@clerk-sync/ops'
import { createRedisServer, provideRedisProgram, redisSettings } from '@clerk-sync/testing'
import type { RedisServer } from '@clerk-sync/testing'
import type { Disk } from './disk.ts'

/** A Redis with an append-only file, for the faults of a server. */
export interface Redis extends RedisServer {
  readonly disk: Disk | undefined
  /** Ends it, removes its files, and starts it empty on the same port. */
  readonly lose: () => Promise<void>
  readonly usedBytes: () => Promise<number>
}

/** Starts it with its files in `dir`, which is on `disk` when there is one. */
export async function startRedis(dir: string, disk: Disk | undefined): Promise<Redis> {
  const settings = [...redisSettings, '--save', '']
  const server = await createRedisServer(await provideRedisProgram(), { dir, settings })
  return {
    ...server,
    disk,
    // On a busy machine, or stopped by another fault, it may be late.
    run: (...command) =>
      retry(() => server.run(...command), { firstDelayMs: 250, timeoutMs: 60_000 }),
    async lose() {
      await server.kill()
      await rm(join(dir, 'appendonlydir'), { recursive: true, force: true })
      await server.restart()
    },
    async usedBytes() {
      const info = String(await server.run('INFO', 'memory'))
      return Number(/^used_memory:(\d+)/m.exec(info)?.[1] ?? 0)
    },
  }
}
