import { DatabaseUnavailableError, readFilteredTables } from '@clerk-sync/db'
import { pendingMigrations } from '@clerk-sync/db/migrate'
import type { Database } from '@clerk-sync/db'
import { explainPostgres } from '@clerk-sync/ops'
import { duration } from '../terminal/text.ts'
import type { Check, Finding } from './check.ts'
import { describeSkew } from './wording.ts'
import type { Quote } from './wording.ts'

const oldestVersion = 140_000

/** Checks that the database answers, its clock and its tables. */
export function databaseChecks(db: Database, url: string, quote: Quote) {
  const reachable: Check = {
    name: 'database',
    run: () => checkServer(db),
    onError: (reason, error) => describeFailure(reason, error, quote),
  }
  const { tablesSchema } = db
  const onError = unreadable(tablesSchema)
  const clock: Check = {
    name: 'database clock',
    needs: reachable,
    run: () => checkClock(db),
    onError,
  }
  const tables: Check = {
    name: 'tables',
    needs: reachable,
    run: async () => judgeMigrations(await pendingMigrations(url), tablesSchema),
    onError,
  }
  const encoding: Check = {
    name: 'encoding',
    needs: reachable,
    run: () => checkEncoding(db),
    onError,
  }
  const rows: Check = {
    name: 'row level security',
    needs: tables,
    run: async () => judgeFiltered(await readFilteredTables(db)),
    onError,
  }
  return { reachable, clock, tables, fit: [encoding, rows] }
}

async function checkServer(db: Database): Promise<Finding> {
  await db.ping()
  const [server] = await db.query<{ number: number; version: string; read_only: boolean }>(
    `SELECT current_setting('server_version_num')::int AS number,
       split_part(current_setting('server_version'), ' ', 1) AS version,
       pg_is_in_recovery() OR current_setting('transaction_read_only')::bool AS read_only`,
  )
  if (!server || server.number < oldestVersion) {
    return {
      status: 'problem',
      found: `PostgreSQL ${server?.version} is too old`,
      cause: 'clerk-sync is written for PostgreSQL 14 and newer',
      cure: 'upgrade the server, or set DATABASE_URL to a newer one',
    }
  }
  if (server.read_only) {
    return {
      status: 'problem',
      found: `PostgreSQL ${server.version} takes no writes`,
      cause: 'it is a replica, or its transactions are read-only by default',
      cure: 'set DATABASE_URL to the primary, and default_transaction_read_only to off',
    }
  }
  return { status: 'ok', found: `PostgreSQL ${server.version} answers` }
}

async function checkClock(db: Database): Promise<Finding> {
  const asked = Date.now()
  const [answer] = await db.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  )
  const skew = describeSkew((asked + Date.now()) / 2 - (answer?.now ?? 0), 'the database')
  if (!skew.isLarge) return { status: 'ok', found: skew.text }
  return {
    status: 'warning',
    found: skew.text,
    cause: 'the tables hold times of both clocks; the order of changes does not depend on them',
    cure: 'let NTP set the clocks of both machines; "clock" says whether this one is right',
  }
}

async function checkEncoding(db: Database): Promise<Finding> {
  const [answer] = await db.query<{ encoding: string }>(
    `SELECT current_setting('server_encoding') AS encoding`,
  )
  const encoding = answer?.encoding ?? 'unknown'
  if (encoding === 'UTF8') return { status: 'ok', found: encoding }
  const cure =
    "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, copy this one with pg_dump and pg_restore, set DATABASE_URL to it, and replay the failed events"
  return encoding === 'SQL_ASCII'
    ? {
        status: 'warning',
        found: encoding,
        cause: 'PostgreSQL takes each byte for a letter: length, upper case and order are wrong',
        cure,
      }
    : {
        status: 'problem',
        found: encoding,
        cause: `events with letters that ${encoding} lacks are refused, and kept as failed`,
        cure,
      }
}

function judgeFiltered(tables: readonly string[]): Finding {
  if (tables.length === 0) return { status: 'ok', found: 'hides no row from this role' }
  return {
    status: 'problem',
    found: `may hide rows of ${tables.join(', ')}`,
    cause:
      'it is enabled on these tables, and the user in DATABASE_URL is subject to it: a worker with this user waits',
    cure: 'ALTER ROLE … BYPASSRLS for the user, or CREATE POLICY … FOR ALL TO … USING (true) on each of them',
  }
}

function judgeMigrations(pending: readonly string[], tablesSchema: string): Finding {
  if (pending.length === 0) return { status: 'ok', found: 'up to date' }
  return {
    status: 'problem',
    found: `${pending.length} pending: ${pending.join(', ')}`,
    cause: `the schema "${tablesSchema}" is older than this release: the worker can not write`,
    cure: 'run "clerk-sync migrate"',
  }
}

function describeFailure(reason: string, error: unknown, quote: Quote): Finding {
  const isKnown = error instanceof DatabaseUnavailableError
  const found = isKnown ? quote(error.reason) : reason
  const advice = explainPostgres(found, isKnown ? error.sqlState : undefined)
  return { status: 'problem', found, ...(advice ?? nothingAnswers) }
}

const nothingAnswers = {
  cause: 'nothing that answers is at the host and port in DATABASE_URL, as seen from here',
  cure: 'start PostgreSQL, or set host and port right; in a container localhost is the container',
}

const unreadable =
  (tablesSchema: string) =>
  (reason: string): Finding => ({
    status: 'problem',
    found: reason,
    cause: 'the database answers, but this query failed',
    cure: `read its log; the user in DATABASE_URL must own the schema "${tablesSchema}"`,
  })

const dayMs = 86_400_000
// From short to long: with the index on received_at a short one is fast in a ledger of any size.
const spans = ['1 hour', '1 day', '100 years']

/** Checks when the last event arrived; shows its type and outcome. */
export function ledgerCheck(db: Database, tables: Check, quote: Quote): Check {
  return {
    name: 'last event',
    needs: tables,
    async run() {
      for (const span of spans) {
        const [last] = await db.query<LastEvent>(
          `SELECT type, outcome, (extract(epoch FROM now() - received_at) * 1000)::float8 AS age
           FROM clerk.webhook_events WHERE received_at > now() - $1::interval
           ORDER BY received_at DESC LIMIT 1`,
          span,
        )
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
      cause: 'the ledger could not be read in time: it may have had no event for long',
      cure: `look at ${db.tablesSchema}.webhook_events yourself; the user in DATABASE_URL must own it`,
    }),
  }
}

interface LastEvent {
  type: string
  outcome: string
  age: number
}

function judge({ type, outcome, age }: LastEvent, quote: Quote): Finding {
  const found = `${quote(type)}, ${duration(age)} ago: ${quote(outcome)}`
  if (age <= dayMs) return { status: 'ok', found }
  return {
    status: 'warning',
    found,
    cause: 'nothing has arrived for more than a day: quiet, or Clerk has disabled the endpoint',
    cure: 'look at the endpoint and its failed messages in the Clerk Dashboard, and replay them',
  }
}
