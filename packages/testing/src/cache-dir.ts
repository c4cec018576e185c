import { join } from 'node:path'

/** Where tests keep what they may find again; git ignores it. */
export const cacheDir = join(import.meta.dirname, '../../../.cache')
