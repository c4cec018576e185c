import { randomBytes } from 'node:crypto'
import { readOfficialExample } from '@clerk-sync/events/official-catalogue'
import { Client } from 'pg'
import type { Chain } from './chain.ts'

interface Data {
  [field: string]: unknown
}

/** One of Clerk's own examples. */
export interface Example {
  type: string
  timestamp: number
  instance_id: string
  data: Data & { id: string }
}

export const exampleOf = (type: string) => readOfficialExample(type) as Example

/** Clerk's example with ids of its own: all of its examples share the same few. */
export function freshExample(type: string, tag = randomBytes(4).toString('hex')): Example {
  const { data, ...envelope } = exampleOf(type)
  const fresh = JSON.parse(JSON.stringify(data), (key, value: unknown) =>
    /^id$|_id$/.test(key) && typeof value === 'string' && value !== '' ? `${value}${tag}` : value,
  ) as Example['data']
  return { ...envelope, data: fresh }
}

/** Any row as JSON, with times in UTC. */
async function readRows(chain: Chain, sql: string, parameters: unknown[]): Promise<Data[]> {
  const client = new Client({ connectionString: chain.databaseUrl, options: '-c TimeZone=UTC' })
  await client.connect()
  try {
    const { rows } = await client.query<{ row: Data }>(sql, parameters)
    return rows.map(({ row }) => row)
  } finally {
    await client.end()
  }
}

export const rowsOf = (chain: Chain, table: string, column: string, id: string) =>
  readRows(chain, `SELECT to_jsonb(t) AS row FROM clerk.${table} AS t WHERE ${column} = $1`, [id])

// The expected rows of Clerk's examples, written by hand: column -> path in Clerk's JSON. `id` and
// `updated_at` are in every table.

type Source = string | ((data: Data) => unknown)

interface ExpectedTable {
  table: string
  columns: { [column: string]: Source }
  /** Child tables: the array in Clerk's JSON, the column that names the parent, a column each. */
  children?: { [table: string]: { items: string; parent: string; column: string } }
}

const same = (...names: string[]) => Object.fromEntries(names.map((name) => [name, name]))
const payer = {
  user_id: 'payer.user_id',
  organization_id: (data: Data) => at(data, 'payer.organization_id') || null,
}

const expectedTables: { [entity: string]: ExpectedTable } = {
  user: {
    table: 'users',
    columns: {
      ...same('external_id', 'username', 'first_name', 'last_name', 'image_url'),
      ...same('public_metadata', 'unsafe_metadata', 'private_metadata', 'banned', 'locked'),
      ...same('last_sign_in_at', 'created_at'),
      // The examples name a primary address and have none.
      primary_email_address: () => null,
      primary_phone_number: () => null,
    },
    children: {
      email_addresses: { items: 'email_addresses', parent: 'user_id', column: 'email_address' },
      phone_numbers: { items: 'phone_numbers', parent: 'user_id', column: 'phone_number' },
    },
  },
  organization: {
    table: 'organizations',
    columns: same('name', 'slug', 'image_url', 'created_by', 'public_metadata', 'created_at'),
  },
  organizationMembership: {
    table: 'organization_memberships',
    columns: {
      organization_id: 'organization.id',
      user_id: 'public_user_data.user_id',
      ...same('role', 'public_metadata', 'created_at'),
    },
  },
  organizationInvitation: {
    table: 'organization_invitations',
    columns: {
      ...same('organization_id', 'user_id', 'inviter_id', 'email_address', 'role', 'status'),
      ...same('public_metadata', 'expires_at', 'created_at'),
    },
  },
  organizationDomain: {
    table: 'organization_domains',
    columns: {
      ...same('organization_id', 'name', 'enrollment_mode', 'created_at'),
      verified: (data) => at(data, 'verification.status') === 'verified',
      ownership_verified: () => false,
    },
  },
  role: {
    table: 'roles',
    columns: same('name', 'key', 'description', 'is_creator_eligible', 'created_at'),
    children: { role_permissions: { items: 'permissions', parent: 'role_id', column: 'key' } },
  },
  permission: {
    table: 'permissions',
    columns: same('name', 'key', 'description', 'type', 'created_at'),
  },
  session: {
    table: 'sessions',
    columns: {
      ...same('user_id', 'client_id', 'status', 'last_active_organization_id'),
      ...same('last_active_at', 'expire_at', 'abandon_at', 'created_at'),
      ip_address: 'latest_activity.ip_address',
      city: 'latest_activity.city',
      country: 'latest_activity.country',
      device_type: 'latest_activity.device_type',
      browser_name: 'latest_activity.browser_name',
      browser_version: 'latest_activity.browser_version',
    },
  },
  waitlistEntry: {
    table: 'waitlist_entries',
    columns: same('email_address', 'status', 'created_at'),
  },
  subscription: {
    table: 'subscriptions',
    columns: {
      ...payer,
      ...same('payer_id', 'status', 'active_at', 'canceled_at', 'ended_at', 'past_due_at'),
      ...same('latest_payment_id', 'created_at'),
    },
  },
  subscriptionItem: {
    table: 'subscription_items',
    columns: {
      ...payer,
      payer_id: 'payer.id',
      plan_slug: 'plan.slug',
      plan_name: 'plan.name',
      seats: 'seats.quantity',
      amount: 'plan.amount',
      currency: 'plan.currency',
      ...same('subscription_id', 'plan_id', 'status', 'interval', 'is_free_trial'),
      ...same('period_start', 'period_end', 'created_at'),
    },
  },
  paymentAttempt: {
    table: 'payment_attempts',
    columns: {
      ...payer,
      payer_id: 'payer.id',
      amount: 'totals.grand_total.amount',
      currency: 'totals.grand_total.currency',
      failed_reason: 'failed_reason.code',
      ...same('payment_id', 'statement_id', 'invoice_id', 'status', 'charge_type'),
      ...same('billing_date', 'paid_at', 'failed_at', 'created_at'),
    },
  },
}

const isTime = (column: string) => /_at$|_date$|^period_/.test(column)

/** The table of an event type, and what its example must become in it; undefined for messages. */
export function expectedOf(type: string, data: Data) {
  const [entity = ''] = type.split('.')
  const expected = expectedTables[entity]
  if (!expected) return undefined
  const columns = Object.entries({ ...same('id', 'updated_at'), ...expected.columns })
  const row = columns.map(([column, source]) => {
    const value = typeof source === 'string' ? at(data, source) : source(data)
    return [column, isTime(column) && typeof value === 'number' ? toTime(value) : value]
  })
  const children = Object.entries(expected.children ?? {}).map(([table, child]) => {
    const items = (data[child.items] ?? []) as Data[]
    const texts = items.map((item) => String(item[child.column])).toSorted()
    return { ...child, table, texts }
  })
  return { table: expected.table, row: Object.fromEntries(row) as Data, children }
}

// As PostgreSQL writes a timestamptz(3) into JSON with the time zone UTC.
function toTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.?0*Z$/, '+00:00')
}

function at(data: Data, path: string): unknown {
  let value: unknown = data
  for (const step of path.split('.')) value = (value as Data | null | undefined)?.[step]
  return value ?? null
}
