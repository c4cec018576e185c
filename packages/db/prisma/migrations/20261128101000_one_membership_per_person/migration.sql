-- A person has one membership of an organization at a time: the newest replaces the others. Of an erased
-- membership only the tombstone is left: it must replace older ones that arrive later.
-- All of one person in one organization are looked up with each event of a membership, however many
-- people the organization has, and however many organizations the person.
CREATE INDEX "organization_memberships_user_id_organization_id_idx" ON "clerk"."organization_memberships" ("user_id", "organization_id");
DROP INDEX "clerk"."organization_memberships_user_id_idx";

ALTER TABLE "clerk"."tombstones"
    ADD COLUMN "organization_id" TEXT COLLATE "C",
    ADD COLUMN "user_id" TEXT COLLATE "C",
    ADD COLUMN "created_at" TIMESTAMPTZ(3);
CREATE INDEX "tombstones_user_id_organization_id_idx" ON "clerk"."tombstones" ("user_id", "organization_id");

COMMENT ON COLUMN "clerk"."tombstones"."deleted_at" IS 'When Clerk deleted it. Null: it went with its owner, whose tombstone has the time, or a newer one replaced it.';
COMMENT ON COLUMN "clerk"."tombstones"."organization_id" IS 'Of an erased membership, with user_id and created_at: an older one of the same person does not come back.';
COMMENT ON COLUMN "clerk"."webhook_events"."outcome" IS 'applied: written. stale: a newer change was known, or it was deleted before. deleted: it deleted its entity. ignored: recorded here alone.';
