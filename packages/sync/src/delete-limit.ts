/** How many rows of one entity a repair may delete, as a number or as a share of what Clerk has. */
export type DeleteLimit = { readonly rows: number } | { readonly percent: number }

/** `50` rows, or `2%` of what Clerk has of an entity; undefined for anything else. */
export function parseDeleteLimit(text: string): DeleteLimit | undefined {
  const [, digits, percent] = /^(\d{1,9}(?:\.\d{1,9})?)(%?)$/.exec(text) ?? []
  const value = Number(digits)
  if (percent === '%' && value <= 100) return { percent: value }
  if (percent === '' && Number.isInteger(value)) return { rows: value }
  return undefined
}

/**
 * How many rows of an entity may be deleted when Clerk has `seen` of it. A share is rounded up, and
 * is one row where Clerk has nothing any more: the last one may go, but not the table of another
 * instance.
 */
export function deleteLimit(seen: number, maxDeletes: DeleteLimit): number {
  if ('rows' in maxDeletes) return maxDeletes.rows
  return maxDeletes.percent === 0 ? 0 : Math.max(1, Math.ceil((seen * maxDeletes.percent) / 100))
}
