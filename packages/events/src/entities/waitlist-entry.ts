import { column, derived } from './column.ts'
import type { Entity } from './entity.ts'

export const waitlistEntry: Entity = {
  name: 'waitlist_entry',
  table: 'waitlist_entries',
  about: 'Who waits for access.',
  api: { list: '/waitlist_entries', one: '/waitlist_entries?query={id}' },
  upsertedBy: ['waitlistEntry.created', 'waitlistEntry.updated'],
  deletedBy: [],
  partOf: [],
  concerns: {},
  columns: [
    // Once completed it is a user's, whose row has it, and whose deletion must not leave it here.
    derived(
      'email_address',
      'text',
      ['email_address', 'status'],
      (data) => (data['status'] === 'completed' ? null : data['email_address']),
      {
        personal: true,
        about: "null once it is completed: the address is a user's then",
      },
    ),
    column('status', 'text'),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
