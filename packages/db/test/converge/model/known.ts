import type { HistoryEvent } from '../world/world.ts'
import { kinds, ownersIn } from './kinds.ts'
import type { Kind } from './kinds.ts'

/** What the events have told of one thing so far. */
export interface Known {
  readonly kind: Kind
  readonly id: string
  /** The event of the greatest version. */
  event?: HistoryEvent
  /** Every owner that an event of it has named. */
  readonly owners: Set<string>
  /** The earliest of its own deletes. */
  deletedAt?: number
}

/** Takes one more event in. */
export function learn(things: Map<string, Known>, event: HistoryEvent): void {
  const { id, type } = event
  const [kind = '', action] = type.split('.')
  if (!isKind(kind)) return
  const thing: Known = things.get(id) ?? { kind, id, owners: new Set() }
  things.set(id, thing)
  if (action === 'deleted') {
    thing.deletedAt = Math.min(event.occurredAt, thing.deletedAt ?? Infinity)
    return
  }
  for (const owner of ownersIn(kind, event.data)) thing.owners.add(owner)
  if (!thing.event || isGreater(event, thing.event)) thing.event = event
}

const isKind = (kind: string): kind is Kind => kind in kinds

function isGreater(a: HistoryEvent, b: HistoryEvent): boolean {
  const [first, second] = [a, b].map((event) => event.updatedAt ?? event.occurredAt) as [
    number,
    number,
  ]
  if (first !== second) return first > second
  if (a.occurredAt !== b.occurredAt) return a.occurredAt > b.occurredAt
  return a.svixId > b.svixId
}

/** Whether it was deleted, by itself or with an owner, or replaced. */
export function isDeleted(thing: Known, things: ReadonlyMap<string, Known>): boolean {
  const owners = [...thing.owners].map((id) => things.get(id)?.deletedAt)
  return [thing.deletedAt, ...owners, replacedAt(thing, things)].some((time) => time !== undefined)
}

/** When the next membership of the same user in the same organization was made. */
export function replacedAt(thing: Known, things: ReadonlyMap<string, Known>): number | undefined {
  const own = membershipOf(thing)
  if (!own) return undefined
  const later = [...things.values()].flatMap((other) => {
    const { pair, createdAt } = membershipOf(other) ?? {}
    return pair === own.pair && createdAt! > own.createdAt ? [createdAt!] : []
  })
  return later.length === 0 ? undefined : Math.min(...later)
}

function membershipOf({ kind, event }: Known) {
  if (kind !== 'organizationMembership' || !event) return undefined
  const [organization, user] = ownersIn(kind, event.data)
  if (user === undefined) return undefined
  const { created_at: createdAt } = event.data as { created_at: number }
  return { pair: `${organization} ${user}`, createdAt }
}
