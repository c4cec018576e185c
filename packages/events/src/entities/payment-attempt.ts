import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'
import { payerColumns, payerConcerns } from './payer.ts'

export const paymentAttempt: Entity = {
  name: 'payment_attempt',
  table: 'payment_attempts',
  about: 'Every attempt to charge a user or an organization, and how it ended.',
  upsertedBy: ['paymentAttempt.created', 'paymentAttempt.updated'],
  deletedBy: [],
  partOf: [],
  concerns: payerConcerns,
  columns: [
    idColumn('payment_id'),
    idColumn('statement_id'),
    idColumn('invoice_id'),
    ...payerColumns('payer.id'),
    column('status', 'text'),
    column('charge_type', 'text'),
    column('amount', 'bigint', {
      about: "the total with taxes, in the currency's smallest unit",
      from: 'totals.grand_total.amount',
    }),
    column('currency', 'text', { from: 'totals.grand_total.currency' }),
    column('billing_date', 'timestamptz'),
    column('paid_at', 'timestamptz'),
    column('failed_at', 'timestamptz'),
    column('failed_reason', 'text', {
      about: "Clerk's code of the reason, such as `card_declined`",
      from: 'failed_reason.code',
    }),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
