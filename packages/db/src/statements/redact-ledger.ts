import type { Transaction } from '../transaction.ts'

const statement = `
  UPDATE clerk.webhook_events
  SET changed_values = NULL, client_ip = NULL, user_agent = NULL
  WHERE (entity_id = ANY($1::text[]) OR user_id = ANY($1::text[]))
    AND num_nonnulls(changed_values, client_ip, user_agent) > 0`

// One statement must end long before its timeout.
const idsAtOnce = 10_000

/** Empties everything in the ledger but the facts of events about these ids. */
export async function redactLedger(tx: Transaction, ids: readonly string[]): Promise<void> {
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    await tx.$executeRawUnsafe(statement, ids.slice(start, start + idsAtOnce))
  }
}
