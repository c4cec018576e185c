import { readBoolean, readPage, readValues } from '../query.ts'
import { notFound } from '../refusal.ts'
import { findGroup } from '../world/change-object.ts'
import { showItem, showSubscription } from '../world/show-billing.ts'
import type { Store } from '../world/store.ts'
import { readPaginated } from './list-page.ts'
import { contains, findOr404 } from './route.ts'
import type { Route, RouteRequest } from './route.ts'

const statuses = ['active', 'ended', 'past_due', 'upcoming', 'free_trial']

/** The endpoints of billing. */
export const billingRoutes: Route[] = [
  {
    path: '/v1/users/{id}/billing/subscription',
    feature: 'billing',
    handle: ({ store, params }) => {
      const { id } = findOr404(store.users, 'user', params['id'])
      return readSubscription(store, id)
    },
  },
  {
    path: '/v1/organizations/{id}/billing/subscription',
    feature: 'billing',
    handle: ({ store, params }) => {
      const { id } = findOr404(store.organizations, 'organization', params['id'])
      return readSubscription(store, id)
    },
  },
  { path: '/v1/billing/subscription_items', feature: 'billing', handle: listItems },
]

function readSubscription(store: Store, payerId: string) {
  const newest = findGroup(store.subscriptions, payerId).at(-1)
  if (newest === undefined) throw notFound('subscription', payerId)
  return showSubscription(store, newest)
}

function listItems({ store, query }: RouteRequest) {
  const asked = readValues(query, 'status', statuses)
  const payerTypes = readValues(query, 'payer_type', ['user', 'org'])
  const planId = query.get('plan_id')
  const includeFree = readBoolean(query, 'include_free') ?? false
  const text = query.get('query')
  return readPaginated(
    store.subscriptionItems,
    {
      page: readPage(query),
      order: { field: 'created_at', descending: true },
      matches: (item) => {
        const plan = item['plan'] as { name: string; slug: string; amount: number }
        const status = item['is_free_trial'] === true ? 'free_trial' : String(item['status'])
        return (
          (asked?.some((one) => one === status || one === item['status']) ?? true) &&
          (payerTypes?.includes(item['user_id'] === undefined ? 'org' : 'user') ?? true) &&
          (planId === null || item['plan_id'] === planId) &&
          (includeFree || plan.amount > 0) &&
          (text === null || contains(text, item.id, plan.name, plan.slug))
        )
      },
    },
    (item) => showItem(store, item),
  )
}
