import type { LedgerEvent, Outcome } from '../change.ts'
import type { Transaction } from '../transaction.ts'

const statement = `
  INSERT INTO clerk.webhook_events (id, type, entity_id, outcome, occurred_at, received_at)
  SELECT id, type, entity_id, outcome, occurred_at, received_at
  FROM jsonb_to_recordset($1::jsonb) AS input(
    id text, type text, entity_id text, outcome text, occurred_at timestamptz, received_at timestamptz
  )
  ORDER BY id COLLATE "C"
  ON CONFLICT (id) DO NOTHING
  RETURNING id`

/** Adds events to the ledger. Returns the ids that were new to it. */
export async function writeLedger(
  tx: Transaction,
  entries: readonly { event: LedgerEvent; outcome: Outcome }[],
): Promise<Set<string>> {
  const rows = entries.map(({ event, outcome }) => ({
    id: event.id,
    type: event.type,
    entity_id: event.entityId ?? null,
    outcome,
    occurred_at: new Date(event.occurredAt).toISOString(),
    received_at: new Date(event.receivedAt).toISOString(),
  }))
  const added = await tx.$queryRawUnsafe<{ id: string }[]>(statement, JSON.stringify(rows))
  return new Set(added.map((row) => row.id))
}
