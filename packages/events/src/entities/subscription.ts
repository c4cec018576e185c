import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'
import { payerColumns, payerConcerns } from './payer.ts'

export const subscription: Entity = {
  name: 'subscription',
  table: 'subscriptions',
  about: 'Who pays: a user or an organization. What they pay for is in `subscription_items`.',
  upsertedBy: [
    'subscription.created',
    'subscription.updated',
    'subscription.active',
    'subscription.pastDue',
  ],
  deletedBy: [],
  partOf: [],
  concerns: payerConcerns,
  // Its items come with events of their own; the ones inside it are snapshots.
  columns: [
    ...payerColumns('payer_id'),
    column('status', 'text'),
    column('active_at', 'timestamptz'),
    column('canceled_at', 'timestamptz'),
    column('ended_at', 'timestamptz'),
    column('past_due_at', 'timestamptz'),
    idColumn('latest_payment_id'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
