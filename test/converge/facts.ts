import type { Database } from '@clerk-sync/db'
import { prismaOf } from '@clerk-sync/db/prisma'
import type { StoryEvent } from './story.ts'

/** What a reader would ask the tables of one story: one line per fact. */
export type Facts = Record<
  | 'users'
  | 'addresses'
  | 'organizations'
  | 'memberships'
  | 'invitations'
  | 'domains'
  | 'sessions'
  | 'entries'
  | 'tombstones'
  | 'events',
  string[]
>

interface Known {
  readonly kind: string
  readonly id: string
  /** The event of the greatest version. */
  told?: { event: StoryEvent; version: Version }
  readonly owners: Set<string>
  deletedAt?: number
}
type Version = [updatedAt: number, occurredAt: number, svixId: string]

/**
 * A plain fold, written independently of the code: the greatest version stays, a delete wins, and the
 * rows that a deleted user or organization owns are deleted with it.
 */
export function expectedFacts(events: readonly StoryEvent[]): Facts {
  const things = new Map<string, Known>()
  for (const event of events) learn(things, event)
  const facts: Facts = {
    users: [],
    addresses: [],
    organizations: [],
    memberships: [],
    invitations: [],
    domains: [],
    sessions: [],
    entries: [],
    tombstones: [],
    events: events.map(({ svixId }) => svixId),
  }
  for (const thing of things.values()) {
    const { kind, id, deletedAt, owners, told } = thing
    const isDeleted = [thing, ...[...owners].map((owner) => things.get(owner))].some(
      (one) => one?.deletedAt !== undefined,
    )
    if (isDeleted || isReplaced(thing, things))
      facts.tombstones.push(`${tableName(kind)} ${id} ${time(deletedAt ?? null)}`)
    else if (told) tell(facts, kind, told.event, told.version)
  }
  for (const lines of Object.values(facts)) lines.sort(bytewise)
  return facts
}

function learn(things: Map<string, Known>, event: StoryEvent): void {
  const { type, data } = event.body
  const [kind = '', action] = type.split('.')
  const id = String(data['id'])
  const thing: Known = things.get(id) ?? { kind, id, owners: new Set() }
  things.set(id, thing)
  const occurredAt = event.body.timestamp ?? event.svixTimestamp * 1000
  if (action === 'deleted') {
    thing.deletedAt = Math.min(occurredAt, thing.deletedAt ?? Infinity)
    return
  }
  for (const owner of ownersIn(kind, data)) thing.owners.add(owner)
  const version: Version = [Number(data['updated_at']), occurredAt, event.svixId]
  if (!thing.told || isGreater(version, thing.told.version)) thing.told = { event, version }
}

// Of the memberships of one user in one organization the one that was made last stays.
function isReplaced({ kind, told }: Known, things: ReadonlyMap<string, Known>): boolean {
  if (kind !== 'organizationMembership' || !told) return false
  const own = told.event.body.data
  return [...things.values()].some((other) => {
    const data = other.kind === kind ? other.told?.event.body.data : undefined
    if (!data || ownersIn(kind, data).join(' ') !== ownersIn(kind, own).join(' ')) return false
    return Number(data['created_at']) > Number(own['created_at'])
  })
}

type Data = StoryEvent['body']['data']

export function ownersIn(kind: string, data: Data): string[] {
  const { organization, public_user_data: member } = data as {
    organization?: { id: string }
    public_user_data?: { user_id: string }
  }
  if (kind === 'organizationMembership') return [organization?.id ?? '', member?.user_id ?? '']
  const named = [data['organization_id'], data['user_id']].filter((id) => typeof id === 'string')
  return /^(organizationInvitation|organizationDomain|session)$/.test(kind) ? named : []
}

function tell(facts: Facts, kind: string, event: StoryEvent, [updatedAt]: Version): void {
  const { data } = event.body
  const id = String(data['id'])
  const end = `${time(updatedAt)} ${event.svixId}`
  const line = (...values: unknown[]) =>
    [id, ...values.map((v) => JSON.stringify(v)), end].join(' ')
  const [organizationId, userId] = ownersIn(kind, data)
  switch (kind) {
    case 'user': {
      const addresses = data['email_addresses'] as { id: string; email_address: string }[]
      facts.users.push(line(data['first_name'], addresses[0]?.email_address ?? null))
      return void facts.addresses.push(...addresses.map((address) => `${id} ${address.id}`))
    }
    case 'organization':
      return void facts.organizations.push(line(data['name']))
    case 'organizationMembership':
      return void facts.memberships.push(line(userId, organizationId, data['role']))
    case 'organizationInvitation':
      return void facts.invitations.push(line(userId ?? null, organizationId, data['status']))
    case 'organizationDomain':
      return void facts.domains.push(line(organizationId, data['name']))
    case 'session':
      return void facts.sessions.push(line(data['user_id'], data['status']))
    case 'waitlistEntry': {
      const isCompleted = data['status'] === 'completed'
      facts.entries.push(line(data['status'], isCompleted ? null : data['email_address']))
    }
  }
}

function isGreater(a: Version, b: Version): boolean {
  return a[0] - b[0] > 0 || (a[0] === b[0] && (a[1] > b[1] || (a[1] === b[1] && a[2] > b[2])))
}

// organizationMembership -> organization_membership
const tableName = (kind: string) => kind.replaceAll(/[A-Z]/g, (big) => `_${big.toLowerCase()}`)
const time = (at: number | Date | null) =>
  at === null ? 'with its owner' : new Date(at).toISOString()

function bytewise(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

interface VersionedRow {
  id: string
  updated_at: Date
  event_id: string
}

const line = ({ id, updated_at, event_id }: VersionedRow, ...values: (string | null)[]) =>
  [id, ...values.map((value) => JSON.stringify(value)), time(updated_at), event_id].join(' ')

/** The facts in the tables about the entities of these events. */
export async function readFacts(db: Database, events: readonly StoryEvent[]): Promise<Facts> {
  const prisma = prismaOf(db)
  const id = { in: [...new Set(events.map(({ body }) => String(body.data['id'])))] }
  const where = { id }
  const [users, addresses, organizations, memberships, invitations] = await Promise.all([
    prisma.user.findMany({ where }),
    prisma.emailAddress.findMany({ where: { user_id: id } }),
    prisma.organization.findMany({ where }),
    prisma.organizationMembership.findMany({ where }),
    prisma.organizationInvitation.findMany({ where }),
  ])
  const [domains, sessions, entries, tombstones, ledger] = await Promise.all([
    prisma.organizationDomain.findMany({ where }),
    prisma.session.findMany({ where }),
    prisma.waitlistEntry.findMany({ where }),
    prisma.tombstone.findMany({ where }),
    prisma.webhookEvent.findMany({ where: { entity_id: id } }),
  ])
  const facts: Facts = {
    users: users.map((row) => line(row, row.first_name, row.primary_email_address)),
    addresses: addresses.map((row) => `${row.user_id} ${row.id}`),
    organizations: organizations.map((row) => line(row, row.name)),
    memberships: memberships.map((row) => line(row, row.user_id, row.organization_id, row.role)),
    invitations: invitations.map((row) => line(row, row.user_id, row.organization_id, row.status)),
    domains: domains.map((row) => line(row, row.organization_id, row.name)),
    sessions: sessions.map((row) => line(row, row.user_id, row.status)),
    entries: entries.map((row) => line(row, row.status, row.email_address)),
    tombstones: tombstones.map((row) => `${row.entity} ${row.id} ${time(row.deleted_at)}`),
    events: ledger.map((row) => row.id),
  }
  for (const lines of Object.values(facts)) lines.sort(bytewise)
  return facts
}
