import { buildSample } from '@clerk-sync/events/samples'
import { findGroup } from './change-object.ts'
import type { ClerkObject, Fields } from './clerk-object.ts'
import type { Store } from './store.ts'
import { primaryEmailAddress } from './primary-email-address.ts'

const { instance_id: instanceId } = buildSample('subscription.created')

interface Plan {
  id: string
  slug: string
  name: string
  is_recurring: boolean
  amount: number
}

/** Shows a subscription as its events carry it. */
export function showSubscriptionEvent(store: Store, record: ClerkObject): ClerkObject {
  const { user_id: _user, organization_id: _organization, ...subscription } = record
  const payer = showPayer(store, record)
  const items = findGroup(store.subscriptionItems, record.id).map((item) => ({
    ...showItemEventWithoutPayer(item),
    subscription_id: null,
  }))
  return { ...subscription, payer_id: payer['id'], payer, items }
}

/** Shows an item as its events carry it. */
export function showItemEvent(store: Store, item: ClerkObject): ClerkObject {
  return { ...showItemEventWithoutPayer(item), payer: showPayer(store, item) }
}

function showItemEventWithoutPayer(record: ClerkObject): ClerkObject {
  const {
    user_id: _user,
    organization_id: _organization,
    canceled_at: _canceled,
    past_due_at: _pastDue,
    ended_at: _ended,
    ...item
  } = record
  return item
}

/** Shows a subscription as the Backend API does, which names and nests things differently. */
export function showSubscription(store: Store, record: ClerkObject): Fields {
  const { id, object, status, active_at, past_due_at, created_at, updated_at } = record
  return {
    object,
    id,
    instance_id: instanceId,
    status,
    payer_id: showPayer(store, record)['id'],
    active_at,
    past_due_at,
    created_at,
    updated_at,
    subscription_items: findGroup(store.subscriptionItems, id).map((item) => showItem(store, item)),
    eligible_for_free_trial: false,
  }
}

/** Shows an item as the Backend API does. */
export function showItem(store: Store, record: ClerkObject): Fields {
  const {
    interval,
    plan,
    subscription_id: _parent,
    user_id: userId,
    organization_id: _organization,
    ...item
  } = record
  const payer = showPayer(store, record)
  return {
    ...item,
    instance_id: instanceId,
    plan_period: interval,
    plan: showPlan(plan as Plan, userId === undefined ? 'org' : 'user'),
    payer_id: payer['id'],
    payer: { ...payer, instance_id: instanceId },
  }
}

function showPlan(plan: Plan, payerType: string): Fields {
  const { amount, ...rest } = plan
  const fee = {
    amount,
    amount_formatted: (amount / 100).toFixed(2),
    currency: 'USD',
    currency_symbol: '$',
  }
  const { id, slug, name, is_recurring } = rest
  return {
    object: 'commerce_plan',
    id,
    slug,
    name,
    is_recurring,
    fee,
    annual_fee: null,
    annual_monthly_fee: null,
    description: null,
    product_id: `cprod_${id.split('_').at(-1)}`,
    is_default: amount === 0,
    publicly_visible: true,
    has_base_fee: amount > 0,
    for_payer_type: payerType,
    avatar_url: null,
    features: [],
    free_trial_enabled: false,
    free_trial_days: null,
  }
}

// Of the two kinds of payers, Clerk leaves the other one's fields empty, not out.
function showPayer(store: Store, record: ClerkObject): Fields {
  const { user_id: userId, organization_id: organizationId } = record
  const payer =
    userId === undefined ? store.organizations.get(organizationId) : store.users.get(userId)
  return {
    object: 'commerce_payer',
    id: `cpayer_${payer.id.split('_').at(-1)}`,
    user_id: userId ?? '',
    first_name: userId === undefined ? '' : payer['first_name'],
    last_name: userId === undefined ? '' : payer['last_name'],
    email: userId === undefined ? '' : primaryEmailAddress(payer),
    organization_id: organizationId ?? '',
    organization_name: organizationId === undefined ? '' : payer['name'],
    image_url: payer['image_url'],
    created_at: payer.created_at,
    updated_at: payer.created_at,
  }
}
