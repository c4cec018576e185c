import type { StoryEvent } from './story.ts'

/** What a reader would ask the tables of one story: one line per fact. */
export type Facts = Record<
  'users' | 'addresses' | 'organizations' | 'memberships' | 'tombstones' | 'events',
  string[]
>

interface Known {
  event: StoryEvent
  version: [updatedAt: number, occurredAt: number, svixId: string]
}

/** A plain fold, written without a look at the code: the greatest version stays, a delete wins. */
export function expectedFacts(events: readonly StoryEvent[]): Facts {
  const known = new Map<string, Known>()
  const gone = new Map<string, number>()
  for (const event of events) {
    const { type, data } = event.body
    const key = `${type.split('.')[0]} ${String(data['id'])}`
    const occurredAt = event.body.timestamp ?? event.svixTimestamp * 1000
    if (type.endsWith('.deleted')) {
      gone.set(key, Math.min(occurredAt, gone.get(key) ?? Infinity))
      continue
    }
    const version: Known['version'] = [Number(data['updated_at']), occurredAt, event.svixId]
    const before = known.get(key)
    if (!before || isGreater(version, before.version)) known.set(key, { event, version })
  }

  const facts: Facts = {
    users: [],
    addresses: [],
    organizations: [],
    memberships: [],
    tombstones: [...gone].map(([key, at]) => `${tableName(key)} ${time(at)}`),
    events: events.map(({ svixId }) => svixId),
  }
  for (const [key, { event, version }] of known) {
    if (!gone.has(key)) tell(facts, key, event, version)
  }
  for (const lines of Object.values(facts)) lines.sort(bytewise)
  return facts
}

function tell(facts: Facts, key: string, event: StoryEvent, [updatedAt]: Known['version']): void {
  const [kind, id] = key.split(' ')
  const { data } = event.body
  const tail = `${time(updatedAt)} ${event.svixId}`
  if (kind === 'user') {
    const addresses = data['email_addresses'] as { id: string; email_address: string }[]
    const primary = addresses[0]?.email_address ?? 'none'
    facts.users.push(`${id} ${JSON.stringify(data['first_name'])} ${primary} ${tail}`)
    for (const address of addresses) facts.addresses.push(`${id} ${address.id}`)
  } else if (kind === 'organization') {
    facts.organizations.push(`${id} ${JSON.stringify(data['name'])} ${tail}`)
  } else {
    const { id: organizationId } = data['organization'] as { id: string }
    const { user_id: userId } = data['public_user_data'] as { user_id: string }
    facts.memberships.push(`${id} ${userId} ${organizationId} ${String(data['role'])} ${tail}`)
  }
}

function isGreater(a: Known['version'], b: Known['version']): boolean {
  return a[0] - b[0] > 0 || (a[0] === b[0] && (a[1] > b[1] || (a[1] === b[1] && a[2] > b[2])))
}

const tableName = (key: string) => key.replace('organizationMembership', 'organization_membership')
export const time = (ms: number | Date) => new Date(ms).toISOString()

export function bytewise(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
