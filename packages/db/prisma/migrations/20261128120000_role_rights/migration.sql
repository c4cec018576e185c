-- The roles of deploy/postgres/roles.sql, where they were made before the tables: by default they may
-- write every table. Only migrations write the history, and only a worker deletes from the ledger.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['clerk_sync_worker', 'clerk_sync_cli'] LOOP
    CONTINUE WHEN to_regrole(name) IS NULL;
    EXECUTE format('REVOKE INSERT, UPDATE, DELETE ON clerk._prisma_migrations FROM %I', name);
  END LOOP;
  IF to_regrole('clerk_sync_cli') IS NOT NULL THEN
    REVOKE DELETE ON clerk.webhook_events FROM clerk_sync_cli;
  END IF;
END
$$;
