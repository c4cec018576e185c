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
  const personal = columns.filter((column) => column.personal)
  return { ...row, ...Object.fromEntries(personal.map(({ name }) => [name, null])) }
}
