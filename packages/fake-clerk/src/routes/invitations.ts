import { readOrder, readPage, readValues } from '../query.ts'
import { notFound } from '../refusal.ts'
import type { ClerkObject } from '../world/clerk-object.ts'
import { showInvitation, showPublicOrganizationData } from '../world/show.ts'
import type { Walk } from '../world/walk.ts'
import { readPaginated } from './list-page.ts'
import { contains, findOr404 } from './route.ts'
import type { Route, RouteRequest } from './route.ts'

const statuses = ['pending', 'accepted', 'revoked', 'expired']

/** The endpoints of invitations to organizations. */
export const invitationRoutes: Route[] = [
  {
    path: '/v1/organization_invitations',
    feature: 'organizations',
    handle: (request) => {
      const { store, query } = request
      const text = query.get('query')
      return list(
        request,
        (invitation) => text === null || contains(text, invitation['email_address']),
        (invitation) => ({
          ...showInvitation(store, invitation),
          public_organization_data: showPublicOrganizationData(
            store,
            invitation['organization_id'],
          ),
        }),
      )
    },
  },
  {
    path: '/v1/organizations/{id}/invitations',
    feature: 'organizations',
    handle: (request) => {
      const { store, query, params } = request
      const { id } = findOr404(store.organizations, 'organization', params['id'])
      const address = query.get('email_address')
      return list(
        request,
        (invitation) => address === null || invitation['email_address'] === address,
        (invitation) => showInvitation(store, invitation),
        { group: id },
      )
    },
  },
  {
    path: '/v1/organizations/{id}/invitations/{invitation_id}',
    feature: 'organizations',
    handle: ({ store, params }) => {
      const { id } = findOr404(store.organizations, 'organization', params['id'])
      const wanted = params['invitation_id']
      const invitation = findOr404(store.invitations, 'organization invitation', wanted)
      if (invitation['organization_id'] !== id)
        throw notFound('organization invitation', wanted ?? '')
      return showInvitation(store, invitation)
    },
  },
]

function list(
  { store, query }: RouteRequest,
  isAsked: (invitation: ClerkObject) => boolean,
  show: (invitation: ClerkObject) => unknown,
  walk: Walk = {},
) {
  const asked = readValues(query, 'status', statuses)
  return readPaginated(
    store.invitations,
    {
      walk,
      page: readPage(query),
      order: readOrder(query, ['created_at', 'email_address']),
      matches: (invitation) =>
        (asked?.includes(String(invitation['status'])) ?? true) && isAsked(invitation),
    },
    show,
  )
}
