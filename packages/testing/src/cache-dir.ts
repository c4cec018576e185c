import { join } from 'node:path'

/** Where tests keep what they may find again; git ignores it. */
export const CACHE_DIR = join(import.meta.dirname, '../../../.cache')
