/** The fuse: so many rows of one entity may be deleted, or such a share of what Clerk has of it. */
export type DeleteLimit = { readonly rows: number } | { readonly percent: number }

/**
 * How many rows of an entity may be deleted of which Clerk has `seen`. A share is rounded up; of
 * nothing it is nothing: a list that is empty may be another instance's.
 */
export function deleteLimit(seen: number, maxDeletes: DeleteLimit): number {
  return 'rows' in maxDeletes ? maxDeletes.rows : Math.ceil((seen * maxDeletes.percent) / 100)
}
