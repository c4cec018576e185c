import { inSpan, markFailed, tracer } from '@clerk-sync/ops'
import { context, SpanKind, trace } from '@opentelemetry/api'
import type { Attributes, Span } from '@opentelemetry/api'
import type { PreparedStatement, Transaction } from './database.ts'
import { DatabaseRefusedError, DatabaseUnavailableError } from './database-error.ts'
import { summarize } from './summarize.ts'

type Run<T> = (tx: Transaction) => Promise<T>

interface TracedTransaction<T> {
  readonly run: Run<T>
  /** The transaction is over; with an error when the database did not take it. */
  readonly end: (error?: unknown) => void
}

/**
 * Gives each statement of a transaction a span of its own, also BEGIN, which waits for a connection,
 * and COMMIT. Where no trace is under way there are none: nobody asked.
 */
export function traceTransaction<T>(run: Run<T>): TracedTransaction<T> {
  if (!trace.getActiveSpan()) return { run, end: () => undefined }
  const parent = context.active()
  const startedAt = performance.now()
  let rollback: Span | undefined
  let commit: Span | undefined
  return {
    async run(tx) {
      // Only now: while the database is unavailable there would be two failed spans a second.
      startStatement('BEGIN', startedAt).end(performance.now())
      try {
        const result = await context.with(parent, run, undefined, traceStatements(tx))
        commit = startStatement('COMMIT')
        return result
      } catch (error) {
        rollback = startStatement('ROLLBACK')
        throw error
      }
    },
    end(error) {
      if (commit && error !== undefined) markFailed(commit, error)
      const endedAt = performance.now()
      commit?.end(endedAt)
      rollback?.end(endedAt)
    },
  }

  function startStatement(name: string, startTime = performance.now()): Span {
    const attributes = attributesOf({ 'db.operation.name': name })
    return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes, startTime }, parent)
  }
}

function traceStatements(tx: Transaction): Transaction {
  return {
    query: <Row extends object>(statement: string | PreparedStatement, ...values: unknown[]) =>
      inStatementSpan(statement, () => tx.query<Row>(statement, ...values)),
    execute: (statement, ...values) =>
      inStatementSpan(statement, () => tx.execute(statement, ...values)),
  }
}

// The texts are ours, with $1 for every value; values come no nearer to a span than this.
function inStatementSpan<T>(
  statement: string | PreparedStatement,
  execute: () => Promise<T>,
): Promise<T> {
  const text = typeof statement === 'string' ? statement : statement.text
  const { summary, operation, table } = summarize(text)
  const attributes = attributesOf({
    'db.query.summary': summary,
    'db.query.text': text.replaceAll(/\s+/g, ' ').trim(),
    ...(operation === undefined ? {} : { 'db.operation.name': operation }),
    ...(table === undefined ? {} : { 'db.collection.name': table }),
  })
  return inSpan(summary, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      return await execute()
    } catch (error) {
      const isAnswer =
        error instanceof DatabaseRefusedError || error instanceof DatabaseUnavailableError
      if (isAnswer && error.sqlState !== undefined)
        span.setAttribute('db.response.status_code', error.sqlState)
      throw error
    }
  })
}

const attributesOf = (attributes: Attributes) => ({
  'db.system.name': 'postgresql',
  ...attributes,
})
