import type { HistoryEvent } from './history.ts'

type TableRow = Record<string, unknown>
/** The tables as plain rows, times as ISO 8601, in the order of their keys. */
export interface Snapshot {
  users: TableRow[]
  email_addresses: TableRow[]
  organizations: TableRow[]
  organization_memberships: TableRow[]
  tombstones: TableRow[]
  webhook_events: string[]
}

// Written against the design's text, not against the code: it must be wrong in its own ways.
const kinds = {
  user: ['users', 'user'],
  organization: ['organizations', 'organization'],
  organizationMembership: ['organization_memberships', 'organization_membership'],
} as const

/** What the tables must hold once these events are in, whatever the order in which they came. */
export function expectedTables(events: readonly HistoryEvent[]): Snapshot {
  const snapshot: Snapshot = {
    users: [],
    email_addresses: [],
    organizations: [],
    organization_memberships: [],
    tombstones: [],
    webhook_events: events.map((event) => event.svixId).toSorted(),
  }
  for (const own of Map.groupBy(events, ({ type, id }) => `${type.split('.')[0]} ${id}`).values()) {
    const [kind = '', id = ''] = [own[0]?.type.split('.')[0], own[0]?.id]
    const [table, entity] = kinds[kind as keyof typeof kinds]
    const deletes = own.filter((event) => event.type.endsWith('.deleted'))
    if (deletes.length > 0) {
      const first = Math.min(...deletes.map((event) => event.occurredAt))
      snapshot.tombstones.push({ entity, id, deleted_at: iso(first) })
      continue
    }
    const [last] = own.toSorted(newestFirst)
    if (!last) continue
    snapshot[table].push({ ...rowOf[kind as keyof typeof kinds](last.data), ...versionOf(last) })
    if (kind === 'user') snapshot.email_addresses.push(...addressRows(id, last.data))
  }
  for (const rows of [snapshot.users, snapshot.organizations, snapshot.organization_memberships]) {
    rows.sort((a, b) => compare(a['id'], b['id']))
  }
  snapshot.email_addresses.sort(
    (a, b) => compare(a['user_id'], b['user_id']) || compare(a['id'], b['id']),
  )
  snapshot.tombstones.sort((a, b) => compare(a['entity'], b['entity']) || compare(a['id'], b['id']))
  return snapshot
}

function newestFirst(a: HistoryEvent, b: HistoryEvent): number {
  return (
    (b.updatedAt ?? 0) - (a.updatedAt ?? 0) ||
    b.occurredAt - a.occurredAt ||
    compare(b.svixId, a.svixId)
  )
}

function versionOf({ id, updatedAt = 0, occurredAt, svixId }: HistoryEvent): TableRow {
  return {
    id,
    updated_at: iso(updatedAt),
    event_occurred_at: iso(occurredAt),
    event_id: svixId,
    deleted_at: null,
  }
}

type Data = HistoryEvent['data']

const rowOf = {
  user: (data: Data): TableRow => ({
    external_id: null,
    username: null,
    first_name: data['first_name'],
    last_name: null,
    image_url: null,
    primary_email_address: addressesIn(data)[0]?.email_address ?? null,
    primary_phone_number: null,
    public_metadata: data['public_metadata'],
    unsafe_metadata: null,
    private_metadata: null,
    banned: data['banned'],
    locked: null,
    last_sign_in_at: null,
    created_at: iso(data['created_at']),
  }),
  organization: (data: Data): TableRow => ({
    name: data['name'],
    slug: null,
    image_url: null,
    created_by: null,
    public_metadata: null,
    created_at: iso(data['created_at']),
  }),
  organizationMembership: (data: Data): TableRow => ({
    organization_id: (data['organization'] as { id: string }).id,
    user_id: (data['public_user_data'] as { user_id: string }).user_id,
    role: data['role'],
    public_metadata: null,
    created_at: iso(data['created_at']),
  }),
}

interface ClerkAddress {
  id: string
  email_address: string
  verification: { status: string } | null
}

const addressesIn = (data: Data) => data['email_addresses'] as ClerkAddress[]

function addressRows(userId: string, data: Data): TableRow[] {
  return addressesIn(data).map(({ id, email_address, verification }, index) => ({
    id,
    user_id: userId,
    email_address,
    verified: verification !== null,
    is_primary: index === 0,
  }))
}

const iso = (ms: unknown) => new Date(Number(ms)).toISOString()

/** Byte by byte, which for ASCII is what JavaScript does. */
function compare(a: unknown, b: unknown): number {
  if (a === b) return 0
  return String(a) < String(b) ? -1 : 1
}
