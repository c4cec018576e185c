import { inspectId, searchAddress } from '@clerk-sync/db'
import type { AddressMatch, Database, DeletionPolicy, IdFacts } from '@clerk-sync/db'
import { readDeployment } from './statements/deployment.ts'

/** What the database knows of whom somebody asks for. */
export interface LookUp {
  /** An id, or an email address. */
  readonly query: string
  readonly isAddress: boolean
  /** One for each id of which anything is known. */
  readonly found: readonly IdFacts[]
  /** Who has, or had, the address; empty for an id. */
  readonly matches: readonly AddressMatch[]
  /** What was not searched, and why. */
  readonly notes: readonly string[]
  /** What a deletion does. */
  readonly deletionPolicy: DeletionPolicy
}

// More than these one after the other nobody reads.
const mostIds = 10

export const isAddress = (query: string) => query.includes('@')

/**
 * Reads all that is known of an id, or of whoever has or had an email address.
 *
 * @throws {DatabaseUnavailableError} {DatabaseRefusedError}
 */
export async function lookUp(
  db: Database,
  query: string,
  options: { readonly limit: number; readonly showValues: boolean },
): Promise<LookUp> {
  const { settings } = await readDeployment(db)
  const deletionPolicy = settings?.deletionPolicy ?? 'erase'
  const unsaved =
    'no worker has saved its settings here yet: DELETION_POLICY counts as erase, the default'
  const { matches, notes } = isAddress(query)
    ? await searchAddress(db, query)
    : { matches: [], notes: [] }
  const ids = isAddress(query) ? [...new Set(matches.map(({ id }) => id))] : [query]
  const found: IdFacts[] = []
  for (const id of ids.slice(0, mostIds)) {
    const facts = await inspectId(db, id, { ...options, deletionPolicy })
    if (isKnown(facts)) found.push(facts)
  }
  const others = ids.length - mostIds
  return {
    query,
    isAddress: isAddress(query),
    found,
    matches,
    deletionPolicy,
    notes: [
      ...notes,
      ...(others > 0 ? [`${others} more ids have the address: ask for each of them`] : []),
      ...(settings === undefined && found.length > 0 ? [unsaved] : []),
    ],
  }
}

/** Whose failed jobs belong to what was found; also where the tables know nothing yet. */
export function concernOf({ query, isAddress: byAddress, found }: LookUp): {
  readonly ids: readonly string[]
  readonly address?: string
} {
  const ids = found.map(({ id }) => id)
  return byAddress ? { ids, address: query } : { ids: [query] }
}

function isKnown({ tables, tombstones, events }: IdFacts): boolean {
  return tables.length > 0 || tombstones.length > 0 || events.rows.length > 0
}
