import { column, derived, isClerkObject, itemsOf } from './column.ts'
import type { ChildTable, ClerkObject, Entity } from './entity.ts'

const emailAddresses: ChildTable = {
  table: 'email_addresses',
  parentColumn: 'user_id',
  items: 'email_addresses',
  columns: [
    column('email_address', 'text'),
    derived('verified', 'boolean', ['verification.status'], isVerified),
    derived(
      'is_primary',
      'boolean',
      [],
      (item, user) => item['id'] === user['primary_email_address_id'],
    ),
  ],
}

export const user: Entity = {
  name: 'user',
  table: 'users',
  upsertedBy: ['user.created', 'user.updated'],
  deletedBy: ['user.deleted'],
  columns: [
    column('external_id', 'text'),
    column('username', 'text'),
    column('first_name', 'text'),
    column('last_name', 'text'),
    column('image_url', 'text'),
    derived(
      'primary_email_address',
      'text',
      ['email_addresses[].email_address', 'email_addresses[].id', 'primary_email_address_id'],
      (data) => primary(data, 'email_addresses', 'primary_email_address_id')?.['email_address'],
    ),
    derived(
      'primary_phone_number',
      'text',
      ['phone_numbers[].phone_number', 'phone_numbers[].id', 'primary_phone_number_id'],
      (data) => primary(data, 'phone_numbers', 'primary_phone_number_id')?.['phone_number'],
      { off: true },
    ),
    column('public_metadata', 'jsonb'),
    column('unsafe_metadata', 'jsonb'),
    column('private_metadata', 'jsonb', { off: true }),
    column('banned', 'boolean'),
    column('locked', 'boolean'),
    column('last_sign_in_at', 'timestamptz', { off: true }),
    column('created_at', 'timestamptz'),
  ],
  children: [emailAddresses],
}

// Clerk may name a primary id that is in no list (its own example does): then there is none. Of two
// elements with one id the last counts, as in the child rows.
function primary(data: ClerkObject, list: string, idField: string): ClerkObject | undefined {
  const id = data[idField]
  return typeof id === 'string'
    ? itemsOf(data, list).findLast((item) => item['id'] === id)
    : undefined
}

function isVerified(item: ClerkObject): boolean {
  const verification = item['verification']
  return isClerkObject(verification) && verification['status'] === 'verified'
}
