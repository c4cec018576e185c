import { internalTables, storedTables } from './stored-tables.ts'
import type { StoredTable } from './stored-tables.ts'

/** What a policy lets a signed-in user see; a table without an entry shows nobody anything. */
const visible: Readonly<Record<string, string>> = {
  users: `id = (SELECT auth.jwt()->>'sub') OR id IN (
      SELECT user_id FROM clerk.organization_memberships
      WHERE organization_id = (SELECT auth.jwt()->'o'->>'id'))`,
  organizations: `id = (SELECT auth.jwt()->'o'->>'id')`,
  organization_memberships: `user_id = (SELECT auth.jwt()->>'sub')
      OR organization_id = (SELECT auth.jwt()->'o'->>'id')`,
  ...Object.fromEntries(
    storedTables
      .filter(({ name, hasLiveView, references }) => {
        const isOfUser = references.some(({ column }) => column === 'user_id')
        return hasLiveView && isOfUser && name !== 'organization_memberships'
      })
      .map(({ name }) => [name, `user_id = (SELECT auth.jwt()->>'sub')`]),
  ),
}

// Clerk shows it to no browser.
const hiddenColumn = 'private_metadata'

const shownTables = storedTables.filter(({ name }) => name in visible)
const allTables = [...storedTables.map(({ name }) => name), ...internalTables]

/** The roles of packages/db/roles/roles.sql, and what of every table each must see. */
const ownRoles = [
  ['clerk_sync_worker', 'FOR ALL', 'USING (true) WITH CHECK (true)'],
  ['clerk_sync_cli', 'FOR ALL', 'USING (true) WITH CHECK (true)'],
  ['clerk_sync_read', 'FOR SELECT', 'USING (true)'],
] as const

export interface SupabaseOptions {
  /** Also views `public.clerk_…`, for clients that ask for all columns. */
  readonly views?: boolean
}

/**
 * Row level security for Supabase as one script, which may be run again: users see themselves, and of
 * their active organization its row, its memberships and its members. Whoever owns the tables runs it.
 */
export function supabaseSql({ views = false }: SupabaseOptions = {}): string {
  return `-- Row level security for Supabase with Clerk's session tokens. Run it as the owner of the tables, again
-- after each upgrade; it may be run at any time.
BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;

DO $$
BEGIN
  IF current_setting('server_version_num')::int < 150000 THEN
    RAISE EXCEPTION 'PostgreSQL 15 or newer is needed, whose views keep to row level security';
  END IF;
  IF to_regprocedure('auth.jwt()') IS NULL OR to_regrole('anon') IS NULL OR to_regrole('authenticated') IS NULL THEN
    RAISE EXCEPTION 'auth.jwt() or the roles anon and authenticated are missing: this is no database of Supabase';
  END IF;
END
$$;

-- What these roles were given before.
REVOKE ALL ON ALL TABLES IN SCHEMA clerk FROM PUBLIC, anon, authenticated;
REVOKE ALL ON SCHEMA clerk FROM PUBLIC, anon, authenticated;
GRANT USAGE ON SCHEMA clerk TO authenticated;

-- The worker's policies first, in the same transaction: it must see every row. Whoever owns the tables, or
-- has BYPASSRLS, needs none.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
${allTables.map((name) => `    '${name}'`).join(',\n')}
  ] LOOP
${ownRoles.map(ownPolicy).join('\n')}
    IF NOT (SELECT relrowsecurity FROM pg_class WHERE oid = format('clerk.%I', name)::regclass) THEN
      EXECUTE format('ALTER TABLE clerk.%I ENABLE ROW LEVEL SECURITY', name);
    END IF;
  END LOOP;
END
$$;

${shownTables.map(policy).join('\n\n')}
${views ? `\n${shownTables.map(view).join('\n\n')}\n` : ''}
-- PostgREST learns of it.
NOTIFY pgrst, 'reload schema';
COMMIT;
`
}

/** Takes back what `supabaseSql` did; policies of your own stay, and with them row level security. */
export function supabaseRemovalSql(): string {
  const policies = ['clerk_sync_authenticated', ...ownRoles.map(([role]) => role)]
  return `BEGIN;
SET LOCAL lock_timeout = '10s';
SET LOCAL client_min_messages = warning;

${shownTables.map(({ name }) => `DROP VIEW IF EXISTS public.clerk_${name};`).join('\n')}

DO $$
DECLARE
  name text;
  policy text;
BEGIN
  FOREACH name IN ARRAY ARRAY[
${allTables.map((name) => `    '${name}'`).join(',\n')}
  ] LOOP
    FOREACH policy IN ARRAY ARRAY[${policies.map((name) => `'${name}'`).join(', ')}] LOOP
      EXECUTE format('DROP POLICY IF EXISTS %I ON clerk.%I', policy, name);
    END LOOP;
    IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'clerk' AND tablename = name) THEN
      EXECUTE format('ALTER TABLE clerk.%I DISABLE ROW LEVEL SECURITY', name);
    END IF;
  END LOOP;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA clerk FROM anon, authenticated;
REVOKE ALL ON SCHEMA clerk FROM anon, authenticated;
NOTIFY pgrst, 'reload schema';
COMMIT;
`
}

function ownPolicy([role, command, rows]: (typeof ownRoles)[number]): string {
  return `    IF to_regrole('${role}') IS NOT NULL THEN
      EXECUTE format('DROP POLICY IF EXISTS ${role} ON clerk.%I', name);
      EXECUTE format('CREATE POLICY ${role} ON clerk.%I ${command} TO ${role} ${rows}', name);
    END IF;`
}

function policy(table: StoredTable): string {
  const { name } = table
  const isDeletable = table.columns.some((column) => column.name === 'deleted_at')
  const condition = isDeletable
    ? `deleted_at IS NULL AND (${visible[name]})`
    : String(visible[name])
  return `GRANT SELECT (${shownColumns(table).join(', ')}) ON clerk.${name} TO authenticated;
DROP POLICY IF EXISTS clerk_sync_authenticated ON clerk.${name};
CREATE POLICY clerk_sync_authenticated ON clerk.${name} FOR SELECT TO authenticated
  USING (${condition});`
}

// Supabase gives every new view in "public" to all of its roles.
function view(table: StoredTable): string {
  const { name, columns } = table
  const where = columns.some((column) => column.name === 'deleted_at')
    ? '\n  WHERE deleted_at IS NULL'
    : ''
  return `DROP VIEW IF EXISTS public.clerk_${name};
CREATE VIEW public.clerk_${name} WITH (security_invoker = true) AS
  SELECT ${shownColumns(table).join(', ')}
  FROM clerk.${name}${where};
REVOKE ALL ON public.clerk_${name} FROM PUBLIC, anon, authenticated;
GRANT SELECT ON public.clerk_${name} TO authenticated;`
}

const shownColumns = ({ columns }: StoredTable) =>
  columns.map(({ name }) => name).filter((name) => name !== hiddenColumn)
