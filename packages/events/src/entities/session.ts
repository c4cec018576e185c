import { column, idColumn } from './column.ts'
import type { Entity } from './entity.ts'

const personal = true

export const session: Entity = {
  name: 'session',
  table: 'sessions',
  about:
    'Where a user is or was signed in. Clerk deletes no session: its status says how it ended.',
  optional: true,
  // Clerk never says that a session is deleted: it ends in one of its statuses.
  upsertedBy: [
    'session.created',
    'session.pending',
    'session.ended',
    'session.removed',
    'session.revoked',
  ],
  deletedBy: [],
  partOf: ['user'],
  concerns: { user: 'user_id' },
  requestedByUser: true,
  columns: [
    idColumn('user_id', { required: true }),
    idColumn('client_id'),
    column('actor', 'jsonb', {
      personal,
      about: 'who acts as the user (`sub` is their id); null where the user acts',
    }),
    column('status', 'text'),
    idColumn('last_active_organization_id'),
    column('last_active_at', 'timestamptz', { personal }),
    column('expire_at', 'timestamptz'),
    column('abandon_at', 'timestamptz'),
    ...['ip_address', 'city', 'country', 'device_type', 'browser_name', 'browser_version'].map(
      (name) =>
        column(name, 'text', {
          from: `latest_activity.${name}`,
          optional: 'latest_activity',
          personal,
        }),
    ),
    column('created_at', 'timestamptz'),
  ],
  children: [],
}
