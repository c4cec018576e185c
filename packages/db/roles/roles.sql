-- Roles with no more rights than each process needs (docs/deploy.md, "SQL roles"). Run it in the database
-- that holds the tables, as a superuser or as a role with CREATEROLE that owns the database: before the
-- first "clerk-sync migrate", or at any time later. It may be run again.
--
--   clerk_sync_migrate  owns the schemas: clerk-sync migrate
--   clerk_sync_worker   writes the tables and removes old rows: worker
--   clerk_sync_cli      writes the tables: backfill, reconcile, replay, doctor; console
--   clerk_sync_read     reads the tables: GRANT clerk_sync_read TO my_app
--   clerk_sync_queue    uses a queue in PostgreSQL; worker and cli have it, ingest needs it alone
--
-- The first three log in. Their passwords are set where the session names them, and else left as they are:
--
--   PGOPTIONS='-c clerk_sync.migrate_password=… -c clerk_sync.worker_password=… -c clerk_sync.cli_password=…'

DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['clerk_sync_migrate', 'clerk_sync_worker', 'clerk_sync_cli'] LOOP
    IF to_regrole(name) IS NULL THEN EXECUTE format('CREATE ROLE %I LOGIN', name); END IF;
  END LOOP;
  FOREACH name IN ARRAY ARRAY['clerk_sync_read', 'clerk_sync_queue'] LOOP
    IF to_regrole(name) IS NULL THEN EXECUTE format('CREATE ROLE %I NOLOGIN', name); END IF;
  END LOOP;
  -- Who is no superuser gives things only to a role that it is a member of.
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    GRANT clerk_sync_migrate TO CURRENT_USER;
  END IF;
END
$$;

DO $$
DECLARE
  name text;
  password text;
BEGIN
  FOREACH name IN ARRAY ARRAY['migrate', 'worker', 'cli'] LOOP
    password := current_setting(format('clerk_sync.%s_password', name), true);
    CONTINUE WHEN coalesce(password, '') = '';
    EXECUTE format('ALTER ROLE %I PASSWORD %L', 'clerk_sync_' || name, password);
  END LOOP;
END
$$;

GRANT clerk_sync_queue TO clerk_sync_worker, clerk_sync_cli;

-- BullMQ asks for its schema with IF NOT EXISTS, which needs CREATE also where it exists. Its bulk
-- inserts use temporary tables.
DO $$
BEGIN
  EXECUTE format(
    'GRANT CONNECT, CREATE ON DATABASE %I TO clerk_sync_migrate', current_database());
  EXECUTE format(
    'GRANT CONNECT ON DATABASE %I TO clerk_sync_worker, clerk_sync_cli, clerk_sync_read, clerk_sync_queue',
    current_database());
  EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO clerk_sync_queue', current_database());
END
$$;

-- What another role created before belongs to the role for migrations from now on. What does already is
-- left alone: to change an owner locks the table.
DO $$
DECLARE
  namespace text;
  command text;
BEGIN
  FOREACH namespace IN ARRAY ARRAY['clerk', 'clerk_queue'] LOOP
    IF to_regnamespace(namespace) IS NULL THEN
      EXECUTE format('CREATE SCHEMA %I AUTHORIZATION clerk_sync_migrate', namespace);
    ELSIF (SELECT nspowner FROM pg_namespace WHERE oid = to_regnamespace(namespace))
      <> to_regrole('clerk_sync_migrate') THEN
      EXECUTE format('ALTER SCHEMA %I OWNER TO clerk_sync_migrate', namespace);
    END IF;
  END LOOP;
  FOR command IN
    SELECT format('ALTER %s %s OWNER TO clerk_sync_migrate',
             CASE relkind WHEN 'S' THEN 'SEQUENCE' WHEN 'v' THEN 'VIEW'
               WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, oid::regclass)
    FROM pg_class c
    WHERE relnamespace IN (to_regnamespace('clerk'), to_regnamespace('clerk_queue'))
      AND relkind IN ('r', 'p', 'S', 'v', 'm') AND relowner <> to_regrole('clerk_sync_migrate')
      -- The sequence of a column goes with its table.
      AND NOT EXISTS (SELECT FROM pg_depend
        WHERE classid = 'pg_class'::regclass AND objid = c.oid AND deptype IN ('a', 'i'))
    UNION ALL
    SELECT format('ALTER ROUTINE %s OWNER TO clerk_sync_migrate', oid::regprocedure)
    FROM pg_proc WHERE pronamespace IN (to_regnamespace('clerk'), to_regnamespace('clerk_queue'))
      AND proowner <> to_regrole('clerk_sync_migrate')
    UNION ALL
    SELECT format('ALTER TYPE %s OWNER TO clerk_sync_migrate', oid::regtype)
    FROM pg_type
    WHERE typnamespace IN (to_regnamespace('clerk'), to_regnamespace('clerk_queue')) AND typtype = 'e'
      AND typowner <> to_regrole('clerk_sync_migrate')
  LOOP
    EXECUTE command;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA "clerk" TO clerk_sync_worker, clerk_sync_cli, clerk_sync_read;
GRANT USAGE ON SCHEMA "clerk_queue" TO clerk_sync_queue;

-- The tables that there are, and those of later migrations.
GRANT SELECT ON ALL TABLES IN SCHEMA "clerk" TO clerk_sync_read;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "clerk" TO clerk_sync_worker, clerk_sync_cli;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "clerk_queue" TO clerk_sync_queue;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA "clerk" TO clerk_sync_worker, clerk_sync_cli;
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA "clerk_queue" TO clerk_sync_queue;
ALTER DEFAULT PRIVILEGES FOR ROLE clerk_sync_migrate IN SCHEMA "clerk"
  GRANT SELECT ON TABLES TO clerk_sync_read;
ALTER DEFAULT PRIVILEGES FOR ROLE clerk_sync_migrate IN SCHEMA "clerk"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clerk_sync_worker, clerk_sync_cli;
ALTER DEFAULT PRIVILEGES FOR ROLE clerk_sync_migrate IN SCHEMA "clerk"
  GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO clerk_sync_worker, clerk_sync_cli;
ALTER DEFAULT PRIVILEGES FOR ROLE clerk_sync_migrate IN SCHEMA "clerk_queue"
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO clerk_sync_queue;
ALTER DEFAULT PRIVILEGES FOR ROLE clerk_sync_migrate IN SCHEMA "clerk_queue"
  GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO clerk_sync_queue;

-- Only migrations write the history, and only a worker deletes from the ledger. Where the tables do not
-- exist yet, a migration does the same.
DO $$
BEGIN
  IF to_regclass('clerk._prisma_migrations') IS NOT NULL THEN
    REVOKE INSERT, UPDATE, DELETE ON clerk._prisma_migrations FROM clerk_sync_worker, clerk_sync_cli;
  END IF;
  IF to_regclass('clerk.webhook_events') IS NOT NULL THEN
    REVOKE DELETE ON clerk.webhook_events FROM clerk_sync_cli;
  END IF;
END
$$;
