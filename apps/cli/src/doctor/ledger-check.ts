import type { Database } from '@clerk-sync/db'
import { renderAge } from './age.ts'
import type { Check, Finding } from './check.ts'
import type { Quote } from './quote.ts'

const dayMs = 86_400_000
// The index on the times is a coarse one: a short span is found at once in a ledger of any size.
const spans = ['1 hour', '1 day', '100 years']

/** When the last event arrived, and what became of it. */
export function ledgerCheck(db: Database, tables: Check, quote: Quote): Check {
  return {
    name: 'last event',
    needs: tables,
    async run() {
      for (const span of spans) {
        const [last] = await db.prisma.$queryRaw<LastEvent[]>`
          SELECT type, outcome, (extract(epoch FROM now() - received_at) * 1000)::float8 AS age
          FROM clerk.webhook_events WHERE received_at > now() - ${span}::interval
          ORDER BY received_at DESC LIMIT 1`
        if (last) return judge(last, quote)
      }
      return {
        status: 'warning',
        found: 'none yet',
        cause: 'no event has come through: Clerk sends none here, or ingest refuses them',
        cure: 'add the endpoint in the Clerk Dashboard; "clerk-sync trigger user.created" tries it',
      }
    },
    onError: (reason) => ({
      status: 'warning',
      found: reason,
      cause: 'the ledger could not be read: it may have had no event for long',
      cure: 'look at clerk.webhook_events yourself; the user in DATABASE_URL must own it',
    }),
  }
}

interface LastEvent {
  type: string
  outcome: string
  age: number
}

function judge({ type, outcome, age }: LastEvent, quote: Quote): Finding {
  const found = `${quote(type)}, ${renderAge(age)} ago: ${quote(outcome)}`
  if (age <= dayMs) return { status: 'ok', found }
  return {
    status: 'warning',
    found,
    cause: 'nothing has arrived for more than a day: quiet, or Clerk has disabled the endpoint',
    cure: 'look at the endpoint and its failed messages in the Clerk Dashboard, and replay them',
  }
}
