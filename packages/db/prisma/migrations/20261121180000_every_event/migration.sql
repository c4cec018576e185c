-- Tables for everything else that Clerk reports, and a ledger that can be audited.

CREATE TABLE "clerk"."phone_numbers" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "phone_number" TEXT,
    "verified" BOOLEAN NOT NULL,
    "is_primary" BOOLEAN NOT NULL,
    CONSTRAINT "phone_numbers_pkey" PRIMARY KEY ("user_id", "id")
);

CREATE TABLE "clerk"."external_accounts" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "provider" TEXT,
    "provider_user_id" TEXT,
    "email_address" TEXT,
    "username" TEXT,
    "verified" BOOLEAN NOT NULL,
    CONSTRAINT "external_accounts_pkey" PRIMARY KEY ("user_id", "id")
);

CREATE TABLE "clerk"."web3_wallets" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "web3_wallet" TEXT,
    "verified" BOOLEAN NOT NULL,
    "is_primary" BOOLEAN NOT NULL,
    CONSTRAINT "web3_wallets_pkey" PRIMARY KEY ("user_id", "id")
);

CREATE TABLE "clerk"."organization_invitations" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C",
    "user_id" TEXT COLLATE "C",
    "inviter_id" TEXT COLLATE "C",
    "email_address" TEXT,
    "role" TEXT,
    "status" TEXT,
    "public_metadata" JSONB,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "organization_invitations_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."organization_domains" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "enrollment_mode" TEXT,
    "verified" BOOLEAN,
    "ownership_verified" BOOLEAN,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "organization_domains_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."roles" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "key" TEXT,
    "description" TEXT,
    "is_creator_eligible" BOOLEAN,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "roles_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."role_permissions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "role_id" TEXT COLLATE "C" NOT NULL,
    "key" TEXT,
    CONSTRAINT "role_permissions_pkey" PRIMARY KEY ("role_id", "id")
);

CREATE TABLE "clerk"."permissions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "key" TEXT,
    "description" TEXT,
    "type" TEXT,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "permissions_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."sessions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "client_id" TEXT COLLATE "C",
    "status" TEXT,
    "last_active_organization_id" TEXT COLLATE "C",
    "last_active_at" TIMESTAMPTZ(3),
    "expire_at" TIMESTAMPTZ(3),
    "abandon_at" TIMESTAMPTZ(3),
    "ip_address" TEXT,
    "city" TEXT,
    "country" TEXT,
    "device_type" TEXT,
    "browser_name" TEXT,
    "browser_version" TEXT,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."waitlist_entries" (
    "id" TEXT COLLATE "C" NOT NULL,
    "email_address" TEXT,
    "status" TEXT,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "waitlist_entries_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."subscriptions" (
    "id" TEXT COLLATE "C" NOT NULL,
    "payer_id" TEXT COLLATE "C",
    "user_id" TEXT COLLATE "C",
    "organization_id" TEXT COLLATE "C",
    "status" TEXT,
    "active_at" TIMESTAMPTZ(3),
    "canceled_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "past_due_at" TIMESTAMPTZ(3),
    "latest_payment_id" TEXT COLLATE "C",
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "subscriptions_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."subscription_items" (
    "id" TEXT COLLATE "C" NOT NULL,
    "subscription_id" TEXT COLLATE "C",
    "payer_id" TEXT COLLATE "C",
    "user_id" TEXT COLLATE "C",
    "organization_id" TEXT COLLATE "C",
    "plan_id" TEXT COLLATE "C",
    "plan_slug" TEXT,
    "plan_name" TEXT,
    "status" TEXT,
    "interval" TEXT,
    "is_free_trial" BOOLEAN,
    "seats" BIGINT,
    "amount" BIGINT,
    "currency" TEXT,
    "period_start" TIMESTAMPTZ(3),
    "period_end" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "subscription_items_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."payment_attempts" (
    "id" TEXT COLLATE "C" NOT NULL,
    "payment_id" TEXT COLLATE "C",
    "statement_id" TEXT COLLATE "C",
    "invoice_id" TEXT COLLATE "C",
    "payer_id" TEXT COLLATE "C",
    "user_id" TEXT COLLATE "C",
    "organization_id" TEXT COLLATE "C",
    "status" TEXT,
    "charge_type" TEXT,
    "amount" BIGINT,
    "currency" TEXT,
    "billing_date" TIMESTAMPTZ(3),
    "paid_at" TIMESTAMPTZ(3),
    "failed_at" TIMESTAMPTZ(3),
    "failed_reason" TEXT,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "payment_attempts_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

ALTER TABLE "clerk"."tombstones"
    ALTER COLUMN "deleted_at" DROP NOT NULL,
    ADD COLUMN "recorded_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

ALTER TABLE "clerk"."webhook_events"
    ADD COLUMN "user_id" TEXT COLLATE "C",
    ADD COLUMN "organization_id" TEXT COLLATE "C",
    ADD COLUMN "changed_columns" TEXT[],
    ADD COLUMN "changed_values" JSONB,
    ADD COLUMN "client_ip" TEXT,
    ADD COLUMN "user_agent" TEXT;

CREATE INDEX "phone_numbers_phone_number_idx" ON "clerk"."phone_numbers" ("phone_number");
CREATE INDEX "external_accounts_provider_user_id_idx" ON "clerk"."external_accounts" ("provider_user_id");
CREATE INDEX "web3_wallets_web3_wallet_idx" ON "clerk"."web3_wallets" ("web3_wallet");
CREATE INDEX "organization_invitations_organization_id_idx" ON "clerk"."organization_invitations" ("organization_id");
CREATE INDEX "organization_invitations_user_id_idx" ON "clerk"."organization_invitations" ("user_id");
CREATE INDEX "organization_invitations_email_address_idx" ON "clerk"."organization_invitations" ("email_address");
CREATE INDEX "organization_domains_organization_id_idx" ON "clerk"."organization_domains" ("organization_id");
CREATE INDEX "organization_domains_name_idx" ON "clerk"."organization_domains" ("name");
CREATE INDEX "role_permissions_key_idx" ON "clerk"."role_permissions" ("key");
CREATE INDEX "sessions_user_id_idx" ON "clerk"."sessions" ("user_id");
CREATE INDEX "waitlist_entries_email_address_idx" ON "clerk"."waitlist_entries" ("email_address");
CREATE INDEX "subscriptions_user_id_idx" ON "clerk"."subscriptions" ("user_id");
CREATE INDEX "subscriptions_organization_id_idx" ON "clerk"."subscriptions" ("organization_id");
CREATE INDEX "subscription_items_subscription_id_idx" ON "clerk"."subscription_items" ("subscription_id");
CREATE INDEX "subscription_items_user_id_idx" ON "clerk"."subscription_items" ("user_id");
CREATE INDEX "subscription_items_organization_id_idx" ON "clerk"."subscription_items" ("organization_id");
CREATE INDEX "payment_attempts_payment_id_idx" ON "clerk"."payment_attempts" ("payment_id");
CREATE INDEX "payment_attempts_user_id_idx" ON "clerk"."payment_attempts" ("user_id");
CREATE INDEX "payment_attempts_organization_id_idx" ON "clerk"."payment_attempts" ("organization_id");
CREATE INDEX "tombstones_recorded_at_idx" ON "clerk"."tombstones" ("recorded_at");

-- Retention makes room in the middle of the table: a BRIN index would have to look at all of it.
DROP INDEX "clerk"."webhook_events_received_at_idx";
CREATE INDEX "webhook_events_received_at_idx" ON "clerk"."webhook_events" ("received_at");
CREATE INDEX "webhook_events_user_id_idx" ON "clerk"."webhook_events" ("user_id");
CREATE INDEX "webhook_events_organization_id_idx" ON "clerk"."webhook_events" ("organization_id");

-- Nobody corrects the ledger, not even the worker. What tells of a person may be emptied when the
-- person goes, and retention may delete what Svix can't send again: it keeps a message for 90 days,
-- and as long the row tells a duplicate.
CREATE FUNCTION "clerk"."webhook_events_append_only"() RETURNS trigger
LANGUAGE plpgsql
SET search_path = ''
AS $$
DECLARE
    redacted clerk.webhook_events%ROWTYPE;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        redacted := OLD;
        IF NEW.changed_values IS NULL THEN redacted.changed_values := NULL; END IF;
        IF NEW.client_ip IS NULL THEN redacted.client_ip := NULL; END IF;
        IF NEW.user_agent IS NULL THEN redacted.user_agent := NULL; END IF;
        IF NEW IS NOT DISTINCT FROM redacted THEN RETURN NEW; END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            MESSAGE = 'clerk.webhook_events is append-only: an event is never changed',
            HINT = 'Only changed_values, client_ip and user_agent can be set to NULL.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF current_setting('clerk_sync.retention', true) = 'on'
            AND OLD.received_at < now() - interval '90 days' THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION USING
            ERRCODE = 'restrict_violation',
            MESSAGE = 'clerk.webhook_events is append-only: an event is deleted only by retention',
            HINT = 'Only events that were received more than 90 days ago can be deleted, in a'
                ' transaction with SET LOCAL clerk_sync.retention = ''on''.';
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'restrict_violation',
        MESSAGE = 'clerk.webhook_events is append-only: it is never truncated',
        HINT = 'Delete events that were received more than 90 days ago, in a transaction with'
            ' SET LOCAL clerk_sync.retention = ''on''.';
END
$$;

CREATE TRIGGER "webhook_events_no_update" BEFORE UPDATE ON "clerk"."webhook_events"
    FOR EACH ROW EXECUTE FUNCTION "clerk"."webhook_events_append_only"();
CREATE TRIGGER "webhook_events_no_delete" BEFORE DELETE ON "clerk"."webhook_events"
    FOR EACH ROW EXECUTE FUNCTION "clerk"."webhook_events_append_only"();
CREATE TRIGGER "webhook_events_no_truncate" BEFORE TRUNCATE ON "clerk"."webhook_events"
    FOR EACH STATEMENT EXECUTE FUNCTION "clerk"."webhook_events_append_only"();

COMMENT ON SCHEMA "clerk" IS 'What Clerk reports, from users and organizations to payments, kept in step by clerk-sync. Read only for everyone else.';
COMMENT ON TABLE "clerk"."role_permissions" IS 'Which permissions a role grants, by their id and key.';
COMMENT ON TABLE "clerk"."sessions" IS 'Empty unless SYNC_ENTITIES names it. A session is never deleted: its status says how it ended.';
COMMENT ON COLUMN "clerk"."organization_invitations"."user_id" IS 'Who accepted it; null until then.';
COMMENT ON COLUMN "clerk"."organization_domains"."verified" IS 'Whether the domain is affiliated with the organization: as a rule, a mail to one of its addresses was answered.';
COMMENT ON COLUMN "clerk"."organization_domains"."ownership_verified" IS 'Whether the domain itself was proven, by a DNS record or in Clerk''s dashboard.';
COMMENT ON COLUMN "clerk"."waitlist_entries"."email_address" IS 'Null once the status is completed: the address is a user''s then, in users and email_addresses.';
COMMENT ON COLUMN "clerk"."subscriptions"."user_id" IS 'Who pays; null where an organization does.';
COMMENT ON COLUMN "clerk"."subscription_items"."user_id" IS 'Who pays; null where an organization does.';
COMMENT ON COLUMN "clerk"."subscription_items"."seats" IS 'Null: unlimited, or a plan that does not count seats.';
COMMENT ON COLUMN "clerk"."subscription_items"."amount" IS 'The plan''s price per interval in the smallest unit of the currency (cents for USD).';
COMMENT ON COLUMN "clerk"."payment_attempts"."user_id" IS 'Who pays; null where an organization does.';
COMMENT ON COLUMN "clerk"."payment_attempts"."amount" IS 'The total with taxes, in the smallest unit of the currency (cents for USD).';
COMMENT ON COLUMN "clerk"."payment_attempts"."failed_reason" IS 'Clerk''s code of the reason, such as card_declined.';
COMMENT ON COLUMN "clerk"."tombstones"."deleted_at" IS 'When Clerk deleted it. Null: it went with its owner, whose tombstone has the time.';
COMMENT ON COLUMN "clerk"."tombstones"."recorded_at" IS 'When it was written here.';
COMMENT ON TABLE "clerk"."webhook_events" IS 'The ledger: one row per event (id = svix-id) with what became of it. Append-only, held by triggers.';
COMMENT ON COLUMN "clerk"."webhook_events"."outcome" IS 'applied: written. stale: a newer change was already known. deleted: the entity was deleted. ignored: recorded here alone.';
COMMENT ON COLUMN "clerk"."webhook_events"."user_id" IS 'The user whom the event concerns.';
COMMENT ON COLUMN "clerk"."webhook_events"."organization_id" IS 'The organization that the event concerns.';
COMMENT ON COLUMN "clerk"."webhook_events"."changed_columns" IS 'The columns and child tables in which the event changed the row.';
COMMENT ON COLUMN "clerk"."webhook_events"."changed_values" IS 'What these held after it, with AUDIT_VALUES; emptied when the entity or its user is deleted.';
COMMENT ON COLUMN "clerk"."webhook_events"."client_ip" IS 'Of the concerned user''s own request, where SYNC_FIELDS keeps it; emptied when the user is deleted.';
COMMENT ON COLUMN "clerk"."webhook_events"."user_agent" IS 'Of the concerned user''s own request, where SYNC_FIELDS keeps it; emptied when the user is deleted.';
