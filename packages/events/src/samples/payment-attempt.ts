import { buildPayer } from './payer.ts'
import { instanceId } from './sample.ts'
import type { Sample, SampleContext } from './sample.ts'
import { buildPlanPeriod } from './subscription-item.ts'

const idPrefix = 'pa'

export const paymentAttemptSamples = {
  'paymentAttempt.created': { idPrefix, build: buildPaymentAttempt },
  'paymentAttempt.updated': { idPrefix, build: buildPaidAttempt },
} satisfies Record<string, Sample>

function buildPaymentAttempt(context: SampleContext) {
  const account = `acct_${context.tag}`
  return {
    id: context.id,
    instance_id: instanceId,
    payment_id: `cpa_${context.suffix}`,
    invoice_id: `cinv_${context.suffix}`,
    statement_id: `stmt_${context.suffix}`,
    gateway_external_id: `pi_${context.tag}`,
    status: 'pending',
    paid_at: null,
    failed_at: null,
    failed_reason: null,
    billing_date: context.createdAt,
    charge_type: 'checkout',
    payee: {
      id: `cpayee_${context.suffix}`,
      gateway_type: 'stripe',
      gateway_external_id: account,
      gateway_status: 'active',
    },
    payer: buildPayer(context),
    totals: {
      subtotal: buildDollars(4200),
      tax_total: buildDollars(840),
      grand_total: buildDollars(5040),
    },
    payment_source: {
      id: `cps_${context.suffix}`,
      gateway: 'stripe',
      gateway_external_id: `pm_${context.tag}`,
      gateway_external_account_id: account,
      payment_method: 'card',
      status: 'active',
      card_type: 'mastercard',
      last4: '4444',
    },
    subscription_items: [buildPaidItem(context)],
    created_at: context.createdAt,
    updated_at: context.updatedAt,
  }
}

function buildPaidAttempt(context: SampleContext) {
  return { ...buildPaymentAttempt(context), status: 'paid', paid_at: context.updatedAt }
}

function buildPaidItem(context: SampleContext) {
  return {
    ...buildPlanPeriod({ ...context, id: `csub_item_${context.suffix}` }, 'active'),
    payer: buildPayer(context),
    subscription_id: `csub_${context.suffix}`,
  }
}

function buildDollars(cents: number) {
  return {
    amount: cents,
    amount_formatted: `$${(cents / 100).toFixed(2)}`,
    currency: 'USD',
    currency_symbol: '$',
  }
}
