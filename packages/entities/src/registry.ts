import type { Entity } from './entity.ts'
import { organizationMembership } from './organization-membership.ts'
import { organization } from './organization.ts'
import { user } from './user.ts'

/** Every entity that is kept, in the order in which a batch writes their tables. */
export const entities: readonly Entity[] = [user, organization, organizationMembership]

export type Effect = { entity: Entity; action: 'upsert' | 'delete' }

const effects = new Map<string, Effect>(
  entities.flatMap((entity) => [
    ...entity.upsertedBy.map((type) => [type, { entity, action: 'upsert' }] as const),
    ...entity.deletedBy.map((type) => [type, { entity, action: 'delete' }] as const),
  ]),
)

/** What an event of this type does, or undefined when it touches no table. */
export function effectOf(type: string): Effect | undefined {
  return effects.get(type)
}
