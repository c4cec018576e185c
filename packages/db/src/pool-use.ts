import type { Pool } from 'pg'

/** How the connections to the database are used now. */
export interface PoolUse {
  readonly active: number
  readonly idle: number
  /** The most connections that there may be. */
  readonly max: number
  /** Who waits for a connection. */
  readonly waiters: number
}

export function readPoolUse(pool: Pool): PoolUse {
  const { totalCount, idleCount, waitingCount, options } = pool
  return {
    active: totalCount - idleCount,
    idle: idleCount,
    max: options.max,
    waiters: waitingCount,
  }
}
