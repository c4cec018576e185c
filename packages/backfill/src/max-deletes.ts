import { countLiving } from '@clerk-sync/db'
import type { Database } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/entities'
import { patiently } from './patience.ts'
import type { Patience } from './patience.ts'

/** The fuse: so many rows of one entity may be deleted, or such a share of its living rows. */
export type MaxDeletes = { readonly rows: number } | { readonly percent: number }

/** How many rows of this entity may be deleted. A share is rounded up. */
export async function mostDeletes(
  options: Patience & { readonly db: Database },
  entity: Entity,
  maxDeletes: MaxDeletes,
): Promise<number> {
  if ('rows' in maxDeletes) return maxDeletes.rows
  const living = await patiently(options, () => countLiving(options.db, entity))
  return Math.ceil((living * maxDeletes.percent) / 100)
}
