/** A column that is ours and not Clerk's: name, type, what it holds. */
type OwnColumn = readonly [name: string, type: string, text: string]

/** What every table of an entity has beside Clerk's fields. */
export const bookkeeping: readonly OwnColumn[] = [
  [
    '`deleted_at`',
    'timestamptz(3)',
    'when Clerk deleted it; always null with `DELETION_POLICY=erase`',
  ],
  ['`synced_at`', 'timestamptz(3)', 'when the row was last written here'],
  ['`event_occurred_at`', 'timestamptz(3)', 'when the event occurred that wrote the row'],
  [
    '`event_id`',
    'text',
    'the svix-id of that event, its row in `webhook_events`; empty for a row that was read from the Backend API',
  ],
]

export const tombstones: readonly OwnColumn[] = [
  ['`entity`', 'text', 'what it was, such as `user` or `organization_membership`'],
  ['`id`', 'text', "Clerk's id of it"],
  [
    '`deleted_at`',
    'timestamptz(3)',
    'when Clerk deleted it; null: it was deleted with its owner, whose tombstone has the time, or replaced by a newer one',
  ],
  ['`recorded_at`', 'timestamptz(3)', 'when it was written here'],
  [
    '`organization_id`',
    'text',
    'of an erased membership: an older one of the same person does not come back',
  ],
  ['`user_id`', 'text', 'of an erased membership'],
  ['`created_at`', 'timestamptz(3)', 'of an erased membership'],
]

export const ledger: readonly OwnColumn[] = [
  ['`id`', 'text', 'the svix-id'],
  ['`type`', 'text', 'such as `user.updated`'],
  [
    '`entity_id`',
    'text',
    'the id of what it tells of. Find a user by `user_id`: the index has other ids alone, for `entity_id = … AND entity_id IS DISTINCT FROM user_id`',
  ],
  ['`user_id`', 'text', 'the user whom it concerns'],
  ['`organization_id`', 'text', 'the organization that it concerns'],
  [
    '`outcome`',
    'text',
    '`applied`: written. `stale`: something newer was known, or its entity was deleted before. `deleted`: it deleted its entity. `ignored`: recorded here alone',
  ],
  [
    '`changed_columns`',
    'text[]',
    'the columns and child tables that it changed; null where it wrote none',
  ],
  ['`changed_values`', 'jsonb', 'what these hold since; only with `AUDIT_VALUES=true`'],
  [
    '`client_ip`',
    'text',
    "only with `SYNC_FIELDS=webhook_events.client_ip`, and only of a user's own requests",
  ],
  [
    '`user_agent`',
    'text',
    "only with `SYNC_FIELDS=webhook_events.user_agent`, and only of a user's own requests",
  ],
  ['`occurred_at`', 'timestamptz(3)', 'when Clerk says that it occurred'],
  ['`received_at`', 'timestamptz(3)', 'when its first delivery that was taken arrived here'],
  ['`processed_at`', 'timestamptz(3)', 'when it was written here'],
]
