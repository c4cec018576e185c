const targets =
  /\b(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN)\s+clerk\.(\w+)|\b(pg_advisory_xact_lock\w*)\(/g
const operations: Record<string, string> = {
  'INSERT INTO': 'INSERT',
  UPDATE: 'UPDATE',
  'DELETE FROM': 'DELETE',
}

/** What a statement of ours is about, without its details: `SELECT webhook_events tombstones`. */
export interface Summary {
  readonly summary: string
  /** Absent where there are several. */
  readonly operation?: string | undefined
  readonly table?: string | undefined
}

/** Reads a statement as OpenTelemetry wants a query's summary: each operation with its tables, in order. */
export function summarize(text: string): Summary {
  const words: string[] = []
  const found = { operations: new Set<string>(), tables: new Set<string>() }
  let last: string | undefined
  for (const [, keywords = '', table, lock] of text.matchAll(targets)) {
    const operation = operations[keywords] ?? 'SELECT'
    const target = table ?? lock ?? ''
    if (operation !== last) words.push(operation)
    if (operation !== last || words.at(-1) !== target) words.push(target)
    last = operation
    found.operations.add(operation)
    if (table !== undefined) found.tables.add(table)
  }
  if (words.length === 0) return { summary: text.trim().split(/\s/, 1)[0] ?? '' }
  return { summary: words.join(' '), operation: only(found.operations), table: only(found.tables) }
}

function only(values: ReadonlySet<string>): string | undefined {
  return values.size === 1 ? [...values][0] : undefined
}
