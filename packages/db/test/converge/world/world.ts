import type { Delivery, Step } from '../history.ts'
import type { Entry, Permission, Role } from './access.ts'
import type { Payment, Subscription, SubscriptionItem } from './billing.ts'
import type { Domain, Invitation, Membership, Organization } from './organizations.ts'
import type { Session, User } from './people.ts'

/** One event of a history, as Clerk reports it. Times are milliseconds. */
export interface HistoryEvent {
  readonly svixId: string
  readonly type: string
  readonly id: string
  readonly occurredAt: number
  /** Absent in most deletes and in some events of subscription items, as in Clerk's. */
  readonly updatedAt: number | undefined
  readonly data: object
  readonly deliveries: readonly Delivery[]
}

/** Clerk's JSON of a thing, as the world holds it and its events carry it. */
export interface Thing {
  readonly id: string
  readonly created_at: number
  updated_at: number
}

/** An event before it is sent: Clerk may say the same twice. */
export interface Report {
  readonly type: string
  readonly data: { readonly id: string; readonly updated_at?: number | undefined }
}

/** What exists at Clerk, and what it has reported. */
export interface World {
  readonly users: User[]
  readonly sessions: Session[]
  readonly organizations: Organization[]
  readonly memberships: Membership[]
  readonly left: Membership[]
  readonly invitations: Invitation[]
  readonly domains: Domain[]
  readonly roles: Role[]
  readonly permissions: Permission[]
  readonly entries: Entry[]
  readonly subscriptions: Subscription[]
  readonly items: SubscriptionItem[]
  readonly payments: Payment[]
  /** Deletes that were sent. */
  readonly deletes: Report[]
  /** Of deleted things: what Clerk may still say of them. */
  readonly lastWords: Report[]
  readonly events: HistoryEvent[]
  now: number
  step: Step
  /** Events that the step has caused so far. */
  sent: number
  /** Ids made so far. */
  made: number
  /** ExistingState every id. */
  readonly run: string
}

export function createWorld(run: string, firstStep: Step): World {
  return {
    users: [],
    sessions: [],
    organizations: [],
    memberships: [],
    left: [],
    invitations: [],
    domains: [],
    roles: [],
    permissions: [],
    entries: [],
    subscriptions: [],
    items: [],
    payments: [],
    deletes: [],
    lastWords: [],
    events: [],
    now: Date.UTC(2026, 0, 1),
    step: firstStep,
    sent: 0,
    made: 0,
    run,
  }
}

/** What every new thing has. */
export function born(world: World, prefix: string): Thing {
  return { id: makeId(world, prefix), created_at: world.now, updated_at: world.now }
}

export function makeId(world: World, prefix: string): string {
  world.made += 1
  return `${prefix}_${world.run}_${world.made}`
}

/** One of what exists, if anything does. */
export function one<T>(things: readonly T[], pick: number): T | undefined {
  return things[pick % things.length]
}

/** The thing changed now. */
export function sendChanged(world: World, type: string, thing: Thing): void {
  thing.updated_at = world.now
  send(world, { type, data: thing })
}

/** The thing is deleted: the delete event has its id alone. */
export function sendDeleted(world: World, type: string, thing: Thing): void {
  const kind = type.slice(0, type.indexOf('.'))
  world.lastWords.push({ type: `${kind}.updated`, data: thing })
  send(world, { type, data: { id: thing.id } })
}

export function send(world: World, { type, data }: Report): void {
  const { now, events, run, step } = world
  const sending = step.sendings[world.sent++ % step.sendings.length]
  if (!sending) return
  // Without a timestamp the second of the first delivery stands in.
  const published = now + sending.delay
  const occurredAt = sending.hasTimestamp ? published : Math.floor(published / 1000) * 1000
  events.push({
    svixId: `msg_${run}_${sending.svix}_${String(events.length).padStart(3, '0')}`,
    type,
    id: data.id,
    occurredAt,
    updatedAt: data.updated_at,
    data: structuredClone(data),
    deliveries: sending.deliveries,
  })
  if (type.endsWith('.deleted')) world.deletes.push({ type, data: structuredClone(data) })
}
