import type { Database } from '@clerk-sync/db'
import { bytewise, time } from './expected-facts.ts'
import type { Facts } from './expected-facts.ts'
import type { StoryEvent } from './story.ts'

const tail = (row: { updated_at: Date; event_id: string }) =>
  `${time(row.updated_at)} ${row.event_id}`

/** The facts in the tables about the entities of these events. */
export async function readFacts(db: Database, events: readonly StoryEvent[]): Promise<Facts> {
  const { prisma } = db
  const id = { in: [...new Set(events.map(({ body }) => String(body.data['id'])))] }
  const [users, addresses, organizations, memberships, tombstones, ledger] = await Promise.all([
    prisma.user.findMany({ where: { id } }),
    prisma.emailAddress.findMany({ where: { user_id: id } }),
    prisma.organization.findMany({ where: { id } }),
    prisma.organizationMembership.findMany({ where: { id } }),
    prisma.tombstone.findMany({ where: { id } }),
    prisma.webhookEvent.findMany({ where: { entity_id: id } }),
  ])
  const facts: Facts = {
    users: users.map((row) => {
      const name = JSON.stringify(row.first_name)
      return `${row.id} ${name} ${row.primary_email_address ?? 'none'} ${tail(row)}`
    }),
    addresses: addresses.map((row) => `${row.user_id} ${row.id}`),
    organizations: organizations.map((row) => `${row.id} ${JSON.stringify(row.name)} ${tail(row)}`),
    memberships: memberships.map(
      (row) => `${row.id} ${row.user_id} ${row.organization_id} ${row.role} ${tail(row)}`,
    ),
    tombstones: tombstones.map((row) => `${row.entity} ${row.id} ${time(row.deleted_at)}`),
    events: ledger.map((row) => row.id),
  }
  for (const lines of Object.values(facts)) lines.sort(bytewise)
  return facts
}
