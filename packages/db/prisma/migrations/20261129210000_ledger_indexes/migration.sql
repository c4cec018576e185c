-- An index entry is a page written at random, the dearest part of a large ledger. An event about a user
-- needs one: entity_id and user_id are the same there. Events without a user or an organization need none
-- for it.

-- Each new index is built before its old one is dropped: building lets readers in, dropping does not.
CREATE INDEX "webhook_events_entity_id_new" ON "clerk"."webhook_events" ("entity_id")
    WHERE "entity_id" IS DISTINCT FROM "user_id";
CREATE INDEX "webhook_events_user_id_new" ON "clerk"."webhook_events" ("user_id") WHERE "user_id" IS NOT NULL;
CREATE INDEX "webhook_events_organization_id_new" ON "clerk"."webhook_events" ("organization_id")
    WHERE "organization_id" IS NOT NULL;

DROP INDEX "clerk"."webhook_events_entity_id_idx";
DROP INDEX "clerk"."webhook_events_user_id_idx";
DROP INDEX "clerk"."webhook_events_organization_id_idx";

ALTER INDEX "clerk"."webhook_events_entity_id_new" RENAME TO "webhook_events_entity_id_idx";
ALTER INDEX "clerk"."webhook_events_user_id_new" RENAME TO "webhook_events_user_id_idx";
ALTER INDEX "clerk"."webhook_events_organization_id_new" RENAME TO "webhook_events_organization_id_idx";

COMMENT ON COLUMN "clerk"."webhook_events"."entity_id" IS 'The id of what it tells of. Find a user by user_id: the index has other ids alone, for entity_id = ... AND entity_id IS DISTINCT FROM user_id.';
