import { buildPayer } from './payer.ts'
import type { Sample, SampleContext } from './sample.ts'
import { buildSubscriptionItem } from './subscription-item.ts'

const idPrefix = 'csub'

export const subscriptionSamples = {
  'subscription.created': { idPrefix, build: (context) => buildSubscription(context, 'active') },
  'subscription.updated': {
    idPrefix,
    build: (context) => buildSubscription(context, 'active', 10),
  },
  'subscription.active': { idPrefix, build: (context) => buildSubscription(context, 'active') },
  'subscription.pastDue': { idPrefix, build: buildPastDueSubscription },
} satisfies Record<string, Sample>

function buildSubscription(context: SampleContext, status: string, seats?: number) {
  const payer = buildPayer(context)
  const itemContext = { ...context, id: `csub_item_${context.suffix}` }
  return {
    object: 'commerce_subscription',
    id: context.id,
    status,
    active_at: context.createdAt,
    canceled_at: null,
    ended_at: null,
    past_due_at: null,
    latest_payment_id: `cpa_${context.suffix}`,
    payer_id: payer.id,
    payer,
    payment_source_id: `cps_${context.suffix}`,
    items: [buildSubscriptionItem(itemContext, status, seats)],
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildPastDueSubscription(context: SampleContext) {
  return { ...buildSubscription(context, 'past_due'), past_due_at: context.updatedAt }
}
