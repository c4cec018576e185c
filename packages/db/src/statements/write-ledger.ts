import type { LedgerEvent, Outcome } from '../change.ts'
import type { Transaction } from '../transaction.ts'

/** What the ledger keeps of one event. */
export interface LedgerEntry {
  readonly event: LedgerEvent
  readonly outcome: Outcome
  readonly changedColumns: readonly string[] | undefined
  readonly changedValues: { readonly [column: string]: unknown } | undefined
}

const columns = {
  id: 'text',
  type: 'text',
  entity_id: 'text',
  user_id: 'text',
  organization_id: 'text',
  outcome: 'text',
  changed_columns: 'text[]',
  changed_values: 'jsonb',
  client_ip: 'text',
  user_agent: 'text',
  occurred_at: 'timestamptz',
  received_at: 'timestamptz',
}
const names = Object.keys(columns).join(', ')
const typed = Object.entries(columns).map(([name, type]) => `${name} ${type}`)

const statement = `
  INSERT INTO clerk.webhook_events (${names})
  SELECT ${names} FROM jsonb_to_recordset($1::jsonb) AS input(${typed.join(', ')})
  ORDER BY id COLLATE "C"
  ON CONFLICT (id) DO NOTHING
  RETURNING id`

/** Adds events to the ledger. Returns the ids that were new to it. */
export async function writeLedger(
  tx: Transaction,
  entries: readonly LedgerEntry[],
): Promise<Set<string>> {
  const added = await tx.$queryRawUnsafe<{ id: string }[]>(
    statement,
    JSON.stringify(entries.map(toTableRow)),
  )
  return new Set(added.map((row) => row.id))
}

function toTableRow({ event, outcome, changedColumns, changedValues }: LedgerEntry) {
  return {
    id: event.id,
    type: event.type,
    entity_id: event.entityId,
    user_id: event.userId,
    organization_id: event.organizationId,
    outcome,
    changed_columns: changedColumns,
    changed_values: changedValues,
    client_ip: event.clientIp,
    user_agent: event.userAgent,
    occurred_at: new Date(event.occurredAt).toISOString(),
    received_at: new Date(event.receivedAt).toISOString(),
  }
}
