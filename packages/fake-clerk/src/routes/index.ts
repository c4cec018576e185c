import { buildSample } from '@clerk-sync/events/samples'
import { billingRoutes } from './billing.ts'
import { domainRoutes } from './domains.ts'
import { invitationRoutes } from './invitations.ts'
import { membershipRoutes } from './memberships.ts'
import { organizationRoutes } from './organizations.ts'
import { roleRoutes } from './roles.ts'
import type { Route } from './route.ts'
import { sessionRoutes } from './sessions.ts'
import { userRoutes } from './users.ts'
import { waitlistEntryRoutes } from './waitlist-entries.ts'

const instanceRoute: Route = {
  path: '/v1/instance',
  handle: () => ({
    object: 'instance',
    id: buildSample('user.created').instance_id,
    environment_type: 'development',
    allowed_origins: null,
    workspace_id: null,
  }),
}

/** All endpoints; of two that fit a path the first one answers. */
export const routes: readonly Route[] = [
  instanceRoute,
  ...userRoutes,
  ...organizationRoutes,
  ...membershipRoutes,
  ...invitationRoutes,
  ...domainRoutes,
  ...roleRoutes,
  ...waitlistEntryRoutes,
  ...sessionRoutes,
  ...billingRoutes,
]

const matchers = routes.map((route) => ({ route, pattern: readTemplate(route.path) }))

/** Finds the endpoint for a path and reads the parts in braces. */
export function findRoute(
  path: string,
): { route: Route; params: Record<string, string> } | undefined {
  for (const { route, pattern } of matchers) {
    const match = pattern.exec(path)
    if (match) return { route, params: mapDecoded(match.groups ?? {}) }
  }
  return undefined
}

function readTemplate(template: string): RegExp {
  return new RegExp(`^${template.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
}

function mapDecoded(groups: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decode(value)]))
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    // No id has such a form, so there will be no object by it.
    return part
  }
}
