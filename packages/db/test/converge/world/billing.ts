import { anyOrganization } from './organizations.ts'
import { anyUser } from './people.ts'
import { born, one, send, sendChanged } from './world.ts'
import type { Thing, World } from './world.ts'

interface Payer {
  id: string
  user_id?: string
  /** Clerk sends an empty string for none. */
  organization_id?: string
}

export interface Subscription extends Thing {
  payer_id: string
  payer: Payer
  status: string
  active_at: number | null
  canceled_at: number | null
  ended_at: number | null
  past_due_at: number | null
  latest_payment_id: string
}

export interface SubscriptionItem extends Thing {
  subscription_id: string
  payer: Payer
  plan_id: string
  plan: { slug: string; name: string | null; amount: number; currency: string }
  status: string
  interval: string
  is_free_trial: boolean
  seats: { quantity: number } | null
  period_start: number
  period_end: number | null
}

export interface Payment extends Thing {
  payment_id: string
  statement_id: string
  invoice_id: string
  payer: Payer
  status: string
  charge_type: string
  totals: { grand_total: { amount: number; currency: string } }
  billing_date: number
  paid_at: number | null
  failed_at: number | null
  failed_reason: { code: string } | null
}

const itemStatuses = ['active', 'canceled', 'upcoming', 'ended', 'pastDue', 'updated']

export const billingActions = {
  subscribe: (world: World) => void subscribe(world),
  updateSubscription(world: World) {
    const subscription = one(world.subscriptions, world.step.pick) ?? subscribe(world)
    const isActive = world.step.other % 2 === 0
    subscription.status = isActive ? 'active' : 'past_due'
    subscription[isActive ? 'active_at' : 'past_due_at'] = world.now
    sendChanged(world, `subscription.${isActive ? 'active' : 'pastDue'}`, subscription)
  },
  createItem: (world: World) => void createItem(world),
  changeItem(world: World) {
    const { pick, other, text } = world.step
    const item = one(world.items, pick) ?? createItem(world)
    item.status = one(itemStatuses, other) ?? 'active'
    item.plan = { ...item.plan, name: text }
    item.updated_at = world.now
    // The SDK's type has no updated_at: then the event's own time stands in.
    const data = other % 3 ? item : { ...item, updated_at: undefined }
    send(world, { type: `subscriptionItem.${item.status}`, data })
  },
  pay: (world: World) => void pay(world),
  settlePayment(world: World) {
    const payment = one(world.payments, world.step.pick) ?? pay(world)
    const isPaid = world.step.other % 2 === 0
    payment.status = isPaid ? 'paid' : 'failed'
    payment[isPaid ? 'paid_at' : 'failed_at'] = world.now
    payment.failed_reason = isPaid ? null : { code: 'card_declined' }
    sendChanged(world, 'paymentAttempt.updated', payment)
  },
}

function createPayer(world: World): Payer {
  const { pick } = world.step
  return pick % 2
    ? { id: `cpayer_${pick}`, user_id: anyUser(world).id, organization_id: '' }
    : { id: `cpayer_${pick}`, organization_id: anyOrganization(world).id }
}

function subscribe(world: World): Subscription {
  const payer = createPayer(world)
  const subscription: Subscription = {
    ...born(world, 'csub'),
    payer_id: payer.id,
    payer,
    status: 'active',
    active_at: world.now,
    canceled_at: null,
    ended_at: null,
    past_due_at: null,
    latest_payment_id: '',
  }
  world.subscriptions.push(subscription)
  sendChanged(world, 'subscription.created', subscription)
  return subscription
}

function createItem(world: World): SubscriptionItem {
  const { id, payer } = one(world.subscriptions, world.step.other) ?? subscribe(world)
  const item: SubscriptionItem = {
    ...born(world, 'csub_item'),
    subscription_id: id,
    payer,
    plan_id: 'cplan_1',
    plan: { slug: 'gold', name: world.step.text, amount: 4_900_000_000, currency: 'USD' },
    status: 'upcoming',
    interval: 'month',
    is_free_trial: world.step.pick % 2 === 0,
    seats: world.step.pick % 3 ? { quantity: world.step.pick } : null,
    period_start: world.now,
    period_end: null,
  }
  world.items.push(item)
  sendChanged(world, 'subscriptionItem.created', item)
  return item
}

function pay(world: World): Payment {
  const payer = createPayer(world)
  const payment: Payment = {
    ...born(world, 'pa'),
    payment_id: `pay_${world.step.pick}`,
    statement_id: 'stmt_1',
    invoice_id: '',
    payer,
    status: 'pending',
    charge_type: 'checkout',
    totals: { grand_total: { amount: 100 * world.step.other, currency: 'USD' } },
    billing_date: world.now,
    paid_at: null,
    failed_at: null,
    failed_reason: null,
  }
  world.payments.push(payment)
  sendChanged(world, 'paymentAttempt.created', payment)
  return payment
}
