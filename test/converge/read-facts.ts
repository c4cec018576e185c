import type { Database } from '@clerk-sync/db'
import { bytewise, time } from './expected-facts.ts'
import type { Facts } from './expected-facts.ts'
import type { StoryEvent } from './story.ts'

interface VersionedRow {
  id: string
  updated_at: Date
  event_id: string
}

const line = ({ id, updated_at, event_id }: VersionedRow, ...values: (string | null)[]) =>
  [id, ...values.map((value) => JSON.stringify(value)), time(updated_at), event_id].join(' ')

/** The facts in the tables about the entities of these events. */
export async function readFacts(db: Database, events: readonly StoryEvent[]): Promise<Facts> {
  const { prisma } = db
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
