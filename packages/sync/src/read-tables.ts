import type { Database } from '@clerk-sync/db'
import type { Entity } from '@clerk-sync/events'

/** How many rows a table has. */
export interface TableRows {
  readonly table: string
  /** The table of the rows that these are part of, for the child rows of an entity. */
  readonly parent: string | undefined
  readonly live: number
  /** Rows that stayed when their entity was deleted; those that were erased are not counted. */
  readonly deleted: number
  /** PostgreSQL's own estimate, for a table too large to be counted again and again. */
  readonly isEstimate: boolean
  /** When a row was last written; undefined where there is none, or the table is too large. */
  readonly writtenAt: Date | undefined
  /** The newest updated_at, in the same way. */
  readonly updatedAt: Date | undefined
}

const mostCounted = 100_000

/**
 * The rows of every table of these entities. A table of more than 100,000 rows is not read: the number
 * of its rows is the planner's estimate then.
 */
export async function readTables(
  db: Database,
  entities: readonly Entity[],
  limit = mostCounted,
): Promise<TableRows[]> {
  const tables: TableRows[] = []
  for (const { table, children } of entities) {
    tables.push(await readTable(db, { table, parent: undefined }, limit))
    for (const child of children.filter(({ off }) => !off)) {
      tables.push(await readTable(db, { table: child.table, parent: table }, limit))
    }
  }
  return tables
}

interface Named {
  readonly table: string
  readonly parent: string | undefined
}

async function readTable(db: Database, named: Named, limit: number): Promise<TableRows> {
  const estimate = await estimateRows(db, `SELECT FROM clerk.${named.table}`)
  const counted = estimate > limit ? undefined : await countRows(db, named, limit)
  if (counted) return counted
  const deleted =
    named.parent === undefined
      ? await estimateRows(db, `SELECT FROM clerk.${named.table} WHERE deleted_at IS NOT NULL`)
      : 0
  return {
    ...named,
    live: Math.max(estimate - deleted, limit),
    deleted,
    isEstimate: true,
    writtenAt: undefined,
    updatedAt: undefined,
  }
}

interface Counted {
  readonly rows: number
  readonly deleted: number
  readonly writtenAt: Date | null
  readonly updatedAt: Date | null
}

/** Undefined where there are more: the planner knows little of a table that was just filled. */
async function countRows(
  db: Database,
  named: Named,
  limit: number,
): Promise<TableRows | undefined> {
  const { table, parent } = named
  const isChild = parent !== undefined
  const columns = isChild ? '' : 'deleted_at, synced_at, updated_at'
  const results = isChild
    ? `0 AS deleted, NULL AS "writtenAt", NULL AS "updatedAt"`
    : `count(deleted_at)::int AS deleted, max(synced_at) AS "writtenAt", max(updated_at) AS "updatedAt"`
  const [counted] = await db.query<Counted>(
    `SELECT count(*)::int AS rows, ${results}
     FROM (SELECT ${columns} FROM clerk.${table} LIMIT $1) AS counted`,
    limit + 1,
  )
  if (!counted || counted.rows > limit) return undefined
  return {
    ...named,
    live: counted.rows - counted.deleted,
    deleted: counted.deleted,
    isEstimate: false,
    writtenAt: counted.writtenAt ?? undefined,
    updatedAt: counted.updatedAt ?? undefined,
  }
}

/** How many rows the planner expects. It reads the size of the table and its statistics, no rows. */
async function estimateRows(db: Database, statement: string): Promise<number> {
  const [plan] = await db.query<{ 'QUERY PLAN': [{ Plan: { 'Plan Rows': number } }] }>(
    `EXPLAIN (FORMAT JSON) ${statement}`,
  )
  return plan?.['QUERY PLAN'][0].Plan['Plan Rows'] ?? 0
}
