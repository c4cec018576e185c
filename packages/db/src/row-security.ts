import type { Database } from './database.ts'

// The roles of a policy; 0 is PUBLIC.
const concernsUs = `(0 = ANY (polroles) OR EXISTS (
  SELECT FROM unnest(polroles) AS named WHERE pg_has_role(named, 'USAGE')))`

/**
 * A subquery with the tables, such as `clerk.users`, of which row level security may hide rows from this
 * role, or refuse some; null when there are none. Owners (without FORCE), superusers and roles with
 * BYPASSRLS see all, and so does a role with a policy `FOR ALL USING (true)`.
 */
export const filteredTablesSql = `
  SELECT array_agg('clerk.' || relname ORDER BY relname)
  FROM pg_class
  WHERE relnamespace = to_regnamespace('clerk') AND relrowsecurity
    AND row_security_active(pg_class.oid)
    AND NOT (
      EXISTS (
        SELECT FROM pg_policy
        WHERE polrelid = pg_class.oid AND polpermissive AND polcmd = '*' AND ${concernsUs}
          AND pg_get_expr(polqual, polrelid) = 'true'
          AND coalesce(pg_get_expr(polwithcheck, polrelid), 'true') = 'true')
      AND NOT EXISTS (
        SELECT FROM pg_policy
        WHERE polrelid = pg_class.oid AND NOT polpermissive AND ${concernsUs}))`

/** The tables of which row level security may hide rows from the role of `db`. */
export async function readFilteredTables(db: Database): Promise<string[]> {
  const [row] = await db.query<{ tables: string[] | null }>(
    `SELECT (${filteredTablesSql}) AS tables`,
  )
  return row?.tables ?? []
}
