import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'
import { payerColumns, payerConcerns } from './payer.ts'

export const subscriptionItem: Entity = {
  name: 'subscription_item',
  table: 'subscription_items',
  about: 'The plans of a subscription, past, present and upcoming.',
  upsertedBy: [
    'subscriptionItem.created',
    'subscriptionItem.updated',
    'subscriptionItem.active',
    'subscriptionItem.canceled',
    'subscriptionItem.upcoming',
    'subscriptionItem.ended',
    'subscriptionItem.abandoned',
    'subscriptionItem.incomplete',
    'subscriptionItem.pastDue',
    'subscriptionItem.freeTrialEnding',
  ],
  deletedBy: [],
  partOf: [],
  concerns: payerConcerns,
  columns: [
    idColumn('subscription_id'),
    ...payerColumns('payer.id'),
    idColumn('plan_id'),
    column('plan_slug', 'text', { from: 'plan.slug' }),
    column('plan_name', 'text', { from: 'plan.name' }),
    column('status', 'text'),
    column('interval', 'text'),
    column('is_free_trial', 'boolean'),
    column('seats', 'bigint', {
      about: 'null where the plan counts none or sets no limit',
      from: 'seats.quantity',
    }),
    column('amount', 'bigint', {
      about: "the plan's price per interval, in the currency's smallest unit",
      from: 'plan.amount',
    }),
    column('currency', 'text', { from: 'plan.currency' }),
    column('period_start', 'timestamptz'),
    column('period_end', 'timestamptz'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
