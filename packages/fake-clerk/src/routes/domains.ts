import { isChosen, readBoolean, readOrder, readPage, readValues } from '../query.ts'
import type { Choice } from '../query.ts'
import { invalidParameter } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { showDomain } from '../world/show.ts'
import { readPaginated } from './list-page.ts'
import { contains, findOr404 } from './route.ts'
import type { Route, RouteRequest } from './route.ts'

const modes = [
  'manual_invitation',
  'automatic_invitation',
  'automatic_suggestion',
  'enterprise_sso',
]

/** The endpoints of organizations' domains. */
export const domainRoutes: Route[] = [
  {
    path: '/v1/organization_domains',
    feature: 'organizations',
    handle: (request) => {
      const { query } = request
      const organizationId = query.get('organization_id')
      const names = readValues(query, 'domains')
      const isFound = buildSearch(query.get('query'))
      return list(
        request,
        (domain) =>
          (organizationId === null || domain['organization_id'] === organizationId) &&
          (names?.includes(String(domain['name'])) ?? true) &&
          isFound(domain),
      )
    },
  },
  {
    path: '/v1/organizations/{id}/domains',
    feature: 'organizations',
    handle: (request) => {
      const { store, params } = request
      const { id } = findOr404(store.organizations, 'organization', params['id'])
      return list(request, (domain) => domain['organization_id'] === id)
    },
  },
]

function list({ store, query }: RouteRequest, isAsked: (domain: ClerkObject) => boolean) {
  const verified = readBoolean(query, 'verified')
  const chosenModes = readModes(query)
  return readPaginated(
    store.domains,
    {
      page: readPage(query),
      order: readOrder(query, ['name', 'created_at']),
      matches: (domain) =>
        (verified === undefined || isVerified(domain) === verified) &&
        isChosen(chosenModes, String(domain['enrollment_mode'])) &&
        isAsked(domain),
    },
    (domain) => showDomain(store, domain),
  )
}

// One list of the two separates modes by commas, the other repeats the parameter.
function readModes(query: URLSearchParams): Choice {
  const values = query.getAll('enrollment_mode').flatMap((value) => value.split(','))
  for (const value of values) {
    if (!modes.includes(value.replace(/^-/, ''))) {
      throw invalidParameter('enrollment_mode', `${value} is not an enrollment mode`)
    }
  }
  const included = values.filter((value) => !value.startsWith('-'))
  return {
    included: included.length === 0 ? undefined : included,
    excluded: values.filter((value) => value.startsWith('-')).map((value) => value.slice(1)),
  }
}

function buildSearch(text: string | null): (domain: ClerkObject) => boolean {
  if (text === null) return () => true
  if (text.trim() === '') throw invalidParameter('query', 'query must not be empty')
  if (text.startsWith('org_')) return (domain) => domain['organization_id'] === text
  return (domain) => contains(text, domain['name'])
}

function isVerified(domain: ClerkObject): boolean {
  const verification = domain['verification'] as { status: string } | null
  return verification?.status === 'verified'
}
