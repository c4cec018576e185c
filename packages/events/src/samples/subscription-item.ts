import { buildPayer } from './payer.ts'
import { dayMs } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'

const idPrefix = 'csub_item'

export const subscriptionItemSamples = {
  'subscriptionItem.created': { idPrefix, build: (context) => buildStandalone(context, 'active') },
  'subscriptionItem.updated': { idPrefix, build: buildUpdatedItem },
  'subscriptionItem.active': { idPrefix, build: (context) => buildStandalone(context, 'active') },
  'subscriptionItem.canceled': {
    idPrefix,
    build: (context) => buildStandalone(context, 'canceled'),
  },
  'subscriptionItem.upcoming': { idPrefix, build: buildUpcomingItem },
  'subscriptionItem.ended': { idPrefix, build: buildEndedItem },
  'subscriptionItem.abandoned': {
    idPrefix,
    build: (context) => buildStandalone(context, 'abandoned'),
  },
  'subscriptionItem.incomplete': {
    idPrefix,
    build: (context) => buildStandalone(context, 'incomplete'),
  },
  'subscriptionItem.pastDue': {
    idPrefix,
    build: (context) => buildStandalone(context, 'past_due'),
  },
  'subscriptionItem.freeTrialEnding': {
    idPrefix,
    build: (context) => ({ ...buildStandalone(context, 'active'), is_free_trial: true }),
  },
} satisfies Record<string, Sample>

/** Builds an item as it stands inside a subscription: without payer and without parent id. */
export function buildSubscriptionItem(context: SampleContext, status: string, seats = 5) {
  return {
    ...buildPlanPeriod(context, status),
    is_free_trial: false,
    seats: { quantity: seats },
    subscription_id: null,
  }
}

/** Builds what items have in common everywhere, payments included. */
export function buildPlanPeriod(context: SampleContext, status: string) {
  const planId = `cplan_${context.suffix}`
  return {
    object: 'commerce_subscription_item',
    id: context.id,
    status,
    period_start: context.createdAt,
    period_end: context.createdAt + 30 * dayMs,
    interval: 'month',
    plan_id: planId,
    plan: {
      id: planId,
      slug: 'steam',
      name: 'Steam',
      is_recurring: true,
      amount: 4200,
      currency: 'USD',
    },
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildStandalone(context: SampleContext, status: string, seats?: number) {
  return {
    ...buildSubscriptionItem(context, status, seats),
    payer: buildPayer(context),
    subscription_id: `csub_${context.suffix}`,
  }
}

function buildUpdatedItem(context: SampleContext) {
  return buildStandalone(context, 'active', 10)
}

function buildUpcomingItem(context: SampleContext) {
  const start = context.createdAt + 30 * dayMs
  return {
    ...buildStandalone(context, 'upcoming'),
    period_start: start,
    period_end: start + 30 * dayMs,
  }
}

function buildEndedItem(context: SampleContext) {
  return { ...buildStandalone(context, 'ended'), period_end: context.updatedAt }
}
