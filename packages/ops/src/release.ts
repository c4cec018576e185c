import { readFileSync } from 'node:fs'

// The build of the npm packages puts the version in its place.
declare const clerkSyncVersion: string | undefined

/** Whether this runs from one of the npm packages, and not from the repository. */
export const isPackaged = typeof clerkSyncVersion === 'string'

/** The version of the product: that of the npm package, or that in the repository's package.json. */
export function readVersion(): string {
  if (typeof clerkSyncVersion === 'string') return clerkSyncVersion
  try {
    const manifest = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
    return String((JSON.parse(manifest) as { version?: unknown }).version)
  } catch {
    // Apps that are packaged in another way have no such file.
    return 'unknown'
  }
}
