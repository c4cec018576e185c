import { entities, isPartOf, ownerColumn } from '@clerk-sync/events'
import type { EntityRow, Entity, Column, Row } from '@clerk-sync/events'

/**
 * What becomes of the rows of what Clerk deleted. `erase`: the row goes, the tombstone keeps the id
 * alone. `anonymize`: the row stays with its personal columns emptied. `retain`: it stays as it was.
 */
export const deletionPolicies = ['erase', 'anonymize', 'retain'] as const

export type DeletionPolicy = (typeof deletionPolicies)[number]

/** The rows without what tells of a person. */
export function anonymize(entity: Entity, { row, children }: EntityRow): EntityRow {
  const emptied = entity.children.map(({ table, columns }) => [
    table,
    children[table]?.map((child) => withoutPersonal(columns, child)) ?? [],
  ])
  return { row: withoutPersonal(entity.columns, row), children: Object.fromEntries(emptied) }
}

function withoutPersonal(columns: readonly Column[], row: Row): Row {
  return { ...row, ...Object.fromEntries(personalIn(columns).map((name) => [name, null])) }
}

/** The names of the columns that tell of a person. */
export function personalIn(columns: readonly Column[]): string[] {
  return columns.filter(({ personal }) => personal).map(({ name }) => name)
}

/** Rows of one entity, found by the column that holds the id of what is deleted. */
export interface DeletedRows {
  readonly entity: Entity
  readonly column: string
}

/** The rows that the deletion of an entity concerns: its own first, then its owned rows. */
export function rowsDeletedWith(entity: Entity): [own: DeletedRows, ...owned: DeletedRows[]] {
  const parts = entities.filter((one) => isPartOf(one, entity))
  const owned = parts.map((part) => ({ entity: part, column: ownerColumn(entity.name) }))
  return [{ entity, column: 'id' }, ...owned]
}

/** The columns of a row that stays which a deletion empties. */
export function emptiedBy(policy: DeletionPolicy, columns: readonly Column[]): string[] {
  return policy === 'anonymize' ? personalIn(columns) : []
}

/** What a deletion empties in the ledger, of every event about what is deleted or its user. */
export const emptiedInLedger = ['changed_values', 'client_ip', 'user_agent'] as const

/** Whether a deletion empties the ledger's personal columns. */
export const emptiesLedger = (policy: DeletionPolicy) => policy !== 'retain'
