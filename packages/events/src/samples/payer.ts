import type { SampleContext } from './sample.ts'

/** Builds a user who pays; Clerk leaves the organization's fields empty then, not out. */
export function buildPayer(context: SampleContext) {
  return {
    object: 'commerce_payer',
    id: `cpayer_${context.suffix}`,
    user_id: `user_${context.suffix}`,
    first_name: 'Ada',
    last_name: 'Lovelace',
    email: `ada.${context.tag}@example.com`,
    organization_id: '',
    organization_name: '',
    image_url: 'https://images.example.com/ada.png',
    created_at: context.createdAt,
    updated_at: context.createdAt,
  }
}
