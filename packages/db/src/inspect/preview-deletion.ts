import type { Column, Entity } from '@clerk-sync/events'
import type { Transaction } from '../database.ts'
import { emptiedBy, emptiedInLedger, emptiesLedger, rowsDeletedWith } from '../deletion-policy.ts'
import type { DeletionPolicy } from '../deletion-policy.ts'
import { concernsEntityOrUser } from '../ledger.ts'
import { countUpTo, mostCounted } from './read-only.ts'
import type { Count } from './read-only.ts'

/** What a deletion would do now. */
export interface DeletionPreview {
  readonly policy: DeletionPolicy
  /** The tables that it would touch. */
  readonly tables: readonly DeletedTable[]
  /** Rows that name the id, but are not part of it: they stay. */
  readonly staying: readonly { readonly table: string; readonly rows: Count }[]
  /** How many ledger rows lose what they hold of the person; of all the facts stay. */
  readonly ledgerRowsEmptied: Count
}

export interface DeletedTable {
  readonly table: string
  readonly rows: Count
  /** `anonymized` and `retained` rows stay, those of an entity with their `deleted_at` set. */
  readonly effect: 'anonymized' | 'erased' | 'retained'
  /** The columns that become null. */
  readonly emptied: readonly string[]
}

const none: Count = { number: 0, isMore: false }

/** Counts what the deletion of an entity would do. `naming` are all rows that name the id, by table. */
export async function previewDeletion(
  tx: Transaction,
  { entity, id }: { readonly entity: Entity; readonly id: string },
  policy: DeletionPolicy,
  naming: ReadonlyMap<string, Count>,
): Promise<DeletionPreview> {
  const deleted = rowsDeletedWith(entity)
  const counted = await Promise.all(
    deleted.flatMap(({ entity: { table, columns, children }, column }) => {
      const rows = `SELECT id FROM clerk.${table} WHERE ${column} = $1`
      return [
        count(tx, rows, id, { table, columns, isEntity: true }, policy),
        ...children.map((child) => {
          const ofChild = `SELECT FROM clerk.${child.table} WHERE ${child.parentColumn} IN (${rows})`
          return count(tx, ofChild, id, { ...child, isEntity: false }, policy)
        }),
      ]
    }),
  )
  const tables = counted.filter(({ rows }) => rows.number > 0)
  const touched = new Set(counted.map(({ table }) => table))
  return {
    policy,
    tables,
    staying: [...naming].flatMap(([table, rows]) => (touched.has(table) ? [] : [{ table, rows }])),
    ledgerRowsEmptied: emptiesLedger(policy)
      ? await countEmptied(tx, deleted, id).then((emptied) => ({
          ...emptied,
          isMore: emptied.isMore || tables.some(({ rows }) => rows.isMore),
        }))
      : none,
  }
}

async function count(
  tx: Transaction,
  selection: string,
  id: string,
  { table, columns, isEntity }: { table: string; columns: readonly Column[]; isEntity: boolean },
  policy: DeletionPolicy,
): Promise<DeletedTable> {
  const rows = await countUpTo(tx, selection, id)
  if (policy === 'erase') return { table, rows, effect: 'erased', emptied: [] }
  const emptied = emptiedBy(policy, columns)
  const isAnonymized = policy === 'anonymize' && (isEntity || emptied.length > 0)
  return { table, rows, effect: isAnonymized ? 'anonymized' : 'retained', emptied }
}

async function countEmptied(
  tx: Transaction,
  deleted: ReturnType<typeof rowsDeletedWith>,
  id: string,
): Promise<Count> {
  const [, ...owned] = deleted
  const ids = owned.map(
    ({ entity, column }) =>
      `UNION ALL (SELECT id FROM clerk.${entity.table} WHERE ${column} = $1 LIMIT ${mostCounted})`,
  )
  // An event may concern two of them: itself, and its user.
  return await countUpTo(
    tx,
    `SELECT DISTINCT id FROM (
       SELECT event.id
       FROM (SELECT $1::text COLLATE "C" AS deleted_id ${ids.join(' ')}) AS deleted
       JOIN clerk.webhook_events AS event ON ${concernsEntityOrUser('= deleted_id')}
       WHERE num_nonnulls(${emptiedInLedger.map((name) => `event.${name}`).join(', ')}) > 0
       LIMIT ${2 * (mostCounted + 1)}
     ) AS emptied`,
    id,
  )
}
