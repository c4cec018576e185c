ALTER TABLE "clerk"."users" ADD COLUMN "deprovisioned" BOOLEAN;
ALTER TABLE "clerk"."sessions" ADD COLUMN "actor" JSONB;
ALTER TABLE "clerk"."organizations" ADD COLUMN "private_metadata" JSONB;
ALTER TABLE "clerk"."organization_memberships"
    ADD COLUMN "permissions" JSONB,
    ADD COLUMN "private_metadata" JSONB;
ALTER TABLE "clerk"."organization_invitations" ADD COLUMN "private_metadata" JSONB;

CREATE TABLE "clerk"."enterprise_accounts" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "protocol" TEXT,
    "provider" TEXT,
    "provider_user_id" TEXT,
    "email_address" TEXT,
    "active" BOOLEAN,
    "verified" BOOLEAN NOT NULL,
    "connection_id" TEXT COLLATE "C",
    "last_authenticated_at" TIMESTAMPTZ(3),
    CONSTRAINT "enterprise_accounts_pkey" PRIMARY KEY ("user_id", "id")
);
CREATE INDEX "enterprise_accounts_provider_user_id_idx" ON "clerk"."enterprise_accounts" USING hash ("provider_user_id");

CREATE TABLE "clerk"."saml_accounts" (
    "id" TEXT COLLATE "C" NOT NULL,
    "user_id" TEXT COLLATE "C" NOT NULL,
    "provider" TEXT,
    "provider_user_id" TEXT,
    "email_address" TEXT,
    "active" BOOLEAN,
    "verified" BOOLEAN NOT NULL,
    "connection_id" TEXT COLLATE "C",
    "last_authenticated_at" TIMESTAMPTZ(3),
    CONSTRAINT "saml_accounts_pkey" PRIMARY KEY ("user_id", "id")
);
CREATE INDEX "saml_accounts_provider_user_id_idx" ON "clerk"."saml_accounts" USING hash ("provider_user_id");
