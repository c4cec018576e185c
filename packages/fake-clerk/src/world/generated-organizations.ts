import { buildMembership, buildOrganization } from './build-object.ts'
import type { ClerkObject } from './clerk-object.ts'

/** Computes generated organization number `index`. */
export function buildGeneratedOrganization(
  index: number,
  id: string,
  createdAt: number,
  createdBy: string | null,
): ClerkObject {
  return buildOrganization(id, createdAt, {
    name: `Engines ${index}`,
    slug: `engines-${index}`,
    ...(createdBy === null ? {} : { created_by: createdBy }),
  })
}

/** Computes a generated membership. */
export function buildGeneratedMembership(
  id: string,
  createdAt: number,
  { userId, organizationId, role }: { userId: string; organizationId: string; role: string },
): ClerkObject {
  return buildMembership(id, createdAt, { user_id: userId, organization_id: organizationId, role })
}
