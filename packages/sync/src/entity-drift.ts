import { drifts, settleDrift } from './statements/reconcile-items.ts'
import type { Comparison, Drift } from './statements/reconcile-items.ts'
import type { Database } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/events'
import type { Position } from '@clerk-sync/events/backend-api'
import { retryWhileUnavailable } from './retry-while-unavailable.ts'
import type { RetryOptions } from './retry-while-unavailable.ts'

const firstIds = 20
const firstReasons = 20

/** How one entity's table differs from Clerk. After a repair: what is left. */
export interface EntityDrift {
  readonly entity: string
  readonly table: string
  /** How many Clerk has. */
  readonly seen: number
  readonly drift: { readonly [D in Drift]: number }
  /** The first ids of each kind. */
  readonly ids: { readonly [D in Drift]: readonly string[] }
  readonly repaired: number
  /** How many of Clerk's entries, and of the rows here, could not be compared. */
  readonly unread: number
  /** How many repairs the database refused. */
  readonly refused: number
  /** Why, for the first ones of both. */
  readonly reasons: readonly string[]
  /** Why Clerk's list could not be read to its end, or the repair not be completed. */
  readonly problem?: string
  /** Why it was passed over, or why nothing was repaired. */
  readonly note?: string
  /** More rows were to be deleted than the delete limit allows. */
  readonly exceedsDeleteLimit?: true
}

export function nothingFound({ name, table }: Entity): EntityDrift {
  return {
    entity: name,
    table,
    seen: 0,
    drift: perKind(() => 0),
    ids: perKind(() => []),
    repaired: 0,
    unread: 0,
    refused: 0,
    reasons: [],
  }
}

/** What went wrong with single entries and rows of one entity. */
export interface Failures {
  unread: number
  refused: number
  readonly reasons: string[]
}

/** How far the comparison of one entity is. Times are milliseconds. */
export interface EntityState {
  /** What changed in Clerk since is on its way by webhook. */
  readonly since: number
  phase: 'list' | 'delete' | 'write'
  /** Where the list is read on, and how many of its entries were read. */
  position: Position
  read: number
  /** How many entries could be compared. */
  seen: number
  shortage?: string
  readonly failures: Failures
  repaired: number
}

/** Saves the state, for a run in slices. */
export type Save = () => Promise<void>

/** Counts an entry that could not be compared, or a repair that was refused. */
export function addFailure(failures: Failures, kind: 'unread' | 'refused', reason: string): void {
  failures[kind] += 1
  if (failures.reasons.length < firstReasons) failures.reasons.push(reason)
}

/** Whether all of it was compared, and every repair written that was tried. */
export function isComplete(found: readonly EntityDrift[]): boolean {
  return found.every(
    ({ problem, unread, refused }) => problem === undefined && unread === 0 && refused === 0,
  )
}

/** The drift that is left now. */
export async function readDrift(
  options: RetryOptions & { readonly db: Database },
  comparison: Comparison,
): Promise<EntityDrift> {
  const counts = perKind(() => 0)
  const ids = perKind((): string[] => [])
  let after: string | undefined = ''
  while (after !== undefined) {
    const from: string = after
    const { left, last } = await retryWhileUnavailable(options, () =>
      settleDrift(options.db, comparison, { after: from }),
    )
    for (const { id, drift } of left) {
      counts[drift] += 1
      if (ids[drift].length < firstIds) ids[drift].push(id)
    }
    after = last
  }
  return { ...nothingFound(comparison.entity), drift: counts, ids }
}

/** How much differs, over all entities and kinds. */
export function driftOf(found: readonly EntityDrift[]): number {
  return found
    .flatMap(({ drift }) => Object.values(drift))
    .reduce((sum: number, count: number) => sum + count, 0)
}

function perKind<T>(make: () => T): { [D in Drift]: T } {
  return Object.fromEntries(drifts.map((drift) => [drift, make()])) as { [D in Drift]: T }
}
