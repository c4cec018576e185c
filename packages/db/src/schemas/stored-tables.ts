import { entities } from '@clerk-sync/events'
import type { Column, ColumnType } from '@clerk-sync/events'

/** A column as it is in PostgreSQL. */
export interface StoredColumn {
  readonly name: string
  readonly type: ColumnType | 'text[]'
  readonly isNullable: boolean
}

/** A column that holds the id of a row of another table; nothing holds that the row is there. */
interface Reference {
  readonly column: string
  readonly table: string
  /** What the other row is to this one. */
  readonly name: string
  /** What the rows of this table are to the other one. */
  readonly backName: string
}

/** A table for readers; `live_<table>` is the view of its rows that are not deleted. */
export interface StoredTable {
  readonly name: string
  readonly about: string
  readonly hasLiveView: boolean
  readonly primaryKey: readonly string[]
  readonly columns: readonly StoredColumn[]
  readonly references: readonly Reference[]
}

export const liveView = (table: string) => `live_${table}`

const column = (name: string, type: StoredColumn['type'], nullable?: 'nullable'): StoredColumn => ({
  name,
  type,
  isNullable: nullable !== undefined,
})

const bookkeeping = [
  column('updated_at', 'timestamptz'),
  column('deleted_at', 'timestamptz', 'nullable'),
  column('synced_at', 'timestamptz'),
  column('event_occurred_at', 'timestamptz'),
  column('event_id', 'id'),
]

const ledgerAndTombstones: readonly StoredTable[] = [
  {
    name: 'tombstones',
    about: 'The ids that are deleted.',
    hasLiveView: false,
    primaryKey: ['entity', 'id'],
    columns: [
      column('entity', 'id'),
      column('id', 'id'),
      column('deleted_at', 'timestamptz', 'nullable'),
      column('recorded_at', 'timestamptz'),
      column('organization_id', 'id', 'nullable'),
      column('user_id', 'id', 'nullable'),
      column('created_at', 'timestamptz', 'nullable'),
    ],
    references: [],
  },
  {
    name: 'webhook_events',
    about: 'The ledger: a row for every event, with what became of it.',
    hasLiveView: false,
    primaryKey: ['id'],
    columns: [
      column('id', 'id'),
      column('type', 'text'),
      column('entity_id', 'id', 'nullable'),
      column('outcome', 'text'),
      column('occurred_at', 'timestamptz'),
      column('received_at', 'timestamptz'),
      column('processed_at', 'timestamptz'),
      column('user_id', 'id', 'nullable'),
      column('organization_id', 'id', 'nullable'),
      column('changed_columns', 'text[]', 'nullable'),
      column('changed_values', 'jsonb', 'nullable'),
      column('client_ip', 'text', 'nullable'),
      column('user_agent', 'text', 'nullable'),
    ],
    references: [],
  },
]

/** Every table that is for readers: of the entities, their child rows, tombstones and the ledger. */
export const storedTables: readonly StoredTable[] = [
  ...entities.flatMap(({ table, about, columns, children }): StoredTable[] => [
    {
      name: table,
      about,
      hasLiveView: true,
      primaryKey: ['id'],
      columns: [
        column('id', 'id'),
        ...columns.map(({ name, type }) => column(name, type, 'nullable')),
        ...bookkeeping,
      ],
      references: columns.flatMap(({ name }) => referenceOf(table, name)),
    },
    ...children.map((child) => ({
      name: child.table,
      about: child.about,
      hasLiveView: true,
      primaryKey: [child.parentColumn, 'id'],
      columns: [
        column('id', 'id'),
        column(child.parentColumn, 'id'),
        ...child.columns.map((one) =>
          column(one.name, one.type, isAlwaysThere(one) ? undefined : 'nullable'),
        ),
      ],
      references: referenceOf(child.table, child.parentColumn),
    })),
  ]),
  ...ledgerAndTombstones,
]

/** What clerk-sync keeps of itself, in the same schema. */
export const internalTables = [
  '_prisma_migrations',
  'api_pace',
  'backfill_runs',
  'backfills',
  'deployment',
  'reconcile_items',
  'reconcile_runs',
]

/** The references to a table, each with the table that it is in. */
export function referencesTo(target: string) {
  return storedTables.flatMap(({ name, references }) =>
    references
      .filter(({ table }) => table === target)
      .map((reference) => ({ ...reference, from: name })),
  )
}

// A flag of a child row is computed, so it has a value whatever Clerk sends.
function isAlwaysThere({ isDerived, type }: Column): boolean {
  return isDerived === true && type === 'boolean'
}

function referenceOf(from: string, name: string): Reference[] {
  switch (name) {
    case 'user_id':
      return [{ column: name, table: 'users', name: 'user', backName: from }]
    case 'organization_id':
      return [{ column: name, table: 'organizations', name: 'organization', backName: from }]
    case 'role_id':
      return [{ column: name, table: 'roles', name: 'role', backName: from }]
    case 'subscription_id':
      return [{ column: name, table: 'subscriptions', name: 'subscription', backName: from }]
    case 'inviter_id':
      return [{ column: name, table: 'users', name: 'inviter', backName: 'sent_invitations' }]
    case 'created_by':
      return [{ column: name, table: 'users', name: 'creator', backName: 'created_organizations' }]
    case 'last_active_organization_id':
      return [
        {
          column: name,
          table: 'organizations',
          name: 'last_active_organization',
          backName: 'last_active_sessions',
        },
      ]
    default:
      return []
  }
}
