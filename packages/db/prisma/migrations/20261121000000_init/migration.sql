-- The schema "clerk" is there: whoever migrates creates it, since the history lives in it, too.

-- Ids and event ids are compared byte by byte: faster, and the order of versions never depends on
-- the locale of the database. Rows are updated in place often: room for HOT updates.

CREATE TABLE "clerk"."users" (
    "id" TEXT COLLATE "C" NOT NULL,
    "external_id" TEXT,
    "username" TEXT,
    "first_name" TEXT,
    "last_name" TEXT,
    "image_url" TEXT,
    "primary_email_address" TEXT,
    "primary_phone_number" TEXT,
    "public_metadata" JSONB,
    "unsafe_metadata" JSONB,
    "private_metadata" JSONB,
    "banned" BOOLEAN,
    "locked" BOOLEAN,
    "last_sign_in_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."email_addresses" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "email_address" TEXT,
    "verified" BOOLEAN NOT NULL,
    "is_primary" BOOLEAN NOT NULL,
    CONSTRAINT "email_addresses_pkey" PRIMARY KEY ("user_id", "id")
);

CREATE TABLE "clerk"."organizations" (
    "id" TEXT COLLATE "C" NOT NULL,
    "name" TEXT,
    "slug" TEXT,
    "image_url" TEXT,
    "created_by" TEXT COLLATE "C",
    "public_metadata" JSONB,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "organizations_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."organization_memberships" (
    "id" TEXT COLLATE "C" NOT NULL,
    "organization_id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C",
    "role" TEXT,
    "public_metadata" JSONB,
    "created_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "synced_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "event_occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "event_id" TEXT COLLATE "C" NOT NULL,
    CONSTRAINT "organization_memberships_pkey" PRIMARY KEY ("id")
) WITH (fillfactor = 85);

CREATE TABLE "clerk"."tombstones" (
    "entity" TEXT COLLATE "C" NOT NULL,
    "id" TEXT COLLATE "C" NOT NULL,
    "deleted_at" TIMESTAMPTZ(3) NOT NULL,
    CONSTRAINT "tombstones_pkey" PRIMARY KEY ("entity", "id")
);

CREATE TABLE "clerk"."webhook_events" (
    "id" TEXT COLLATE "C" NOT NULL,
    "type" TEXT NOT NULL,
    "entity_id" TEXT COLLATE "C",
    "outcome" TEXT NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,
    "processed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "webhook_events_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "users_primary_email_address_idx" ON "clerk"."users" ("primary_email_address");
CREATE INDEX "users_external_id_idx" ON "clerk"."users" ("external_id");
CREATE INDEX "email_addresses_email_address_idx" ON "clerk"."email_addresses" ("email_address");
CREATE INDEX "organizations_slug_idx" ON "clerk"."organizations" ("slug");
CREATE INDEX "organization_memberships_organization_id_idx" ON "clerk"."organization_memberships" ("organization_id");
CREATE INDEX "organization_memberships_user_id_idx" ON "clerk"."organization_memberships" ("user_id");
CREATE INDEX "webhook_events_entity_id_idx" ON "clerk"."webhook_events" ("entity_id");
CREATE INDEX "webhook_events_received_at_idx" ON "clerk"."webhook_events" USING BRIN ("received_at");

COMMENT ON SCHEMA "clerk" IS 'Clerk''s users, organizations and memberships, kept in step by clerk-sync. Read only for everyone else.';
COMMENT ON TABLE "clerk"."tombstones" IS 'Ids that Clerk has deleted. A tombstone beats every version: a late event never brings the row back.';
COMMENT ON TABLE "clerk"."webhook_events" IS 'The ledger: one row per event (id = svix-id) with what became of it.';
COMMENT ON COLUMN "clerk"."webhook_events"."outcome" IS 'applied: written. stale: a newer change was already known. deleted: the entity was deleted. ignored: a type that is not kept.';
