-- A B-tree takes no value of more than 2,704 bytes, and refuses the row with it. A hash index takes
-- any, and serves what these are for: column = $1. Ids keep their B-trees: they have 255 characters at
-- the most.

-- Each new index is built before its old one is dropped: building lets readers in, dropping does not.
CREATE INDEX "waitlist_entries_email_address_hash" ON "clerk"."waitlist_entries" USING hash ("email_address");
CREATE INDEX "role_permissions_key_hash" ON "clerk"."role_permissions" USING hash ("key");
CREATE INDEX "organization_domains_name_hash" ON "clerk"."organization_domains" USING hash ("name");
CREATE INDEX "organization_invitations_email_address_hash" ON "clerk"."organization_invitations" USING hash ("email_address");
CREATE INDEX "organizations_slug_hash" ON "clerk"."organizations" USING hash ("slug");
CREATE INDEX "web3_wallets_web3_wallet_hash" ON "clerk"."web3_wallets" USING hash ("web3_wallet");
CREATE INDEX "external_accounts_provider_user_id_hash" ON "clerk"."external_accounts" USING hash ("provider_user_id");
CREATE INDEX "phone_numbers_phone_number_hash" ON "clerk"."phone_numbers" USING hash ("phone_number");
CREATE INDEX "email_addresses_email_address_hash" ON "clerk"."email_addresses" USING hash ("email_address");
CREATE INDEX "users_external_id_hash" ON "clerk"."users" USING hash ("external_id");
CREATE INDEX "users_primary_email_address_hash" ON "clerk"."users" USING hash ("primary_email_address");

DROP INDEX "clerk"."waitlist_entries_email_address_idx";
DROP INDEX "clerk"."role_permissions_key_idx";
DROP INDEX "clerk"."organization_domains_name_idx";
DROP INDEX "clerk"."organization_invitations_email_address_idx";
DROP INDEX "clerk"."organizations_slug_idx";
DROP INDEX "clerk"."web3_wallets_web3_wallet_idx";
DROP INDEX "clerk"."external_accounts_provider_user_id_idx";
DROP INDEX "clerk"."phone_numbers_phone_number_idx";
DROP INDEX "clerk"."email_addresses_email_address_idx";
DROP INDEX "clerk"."users_external_id_idx";
DROP INDEX "clerk"."users_primary_email_address_idx";

ALTER INDEX "clerk"."waitlist_entries_email_address_hash" RENAME TO "waitlist_entries_email_address_idx";
ALTER INDEX "clerk"."role_permissions_key_hash" RENAME TO "role_permissions_key_idx";
ALTER INDEX "clerk"."organization_domains_name_hash" RENAME TO "organization_domains_name_idx";
ALTER INDEX "clerk"."organization_invitations_email_address_hash" RENAME TO "organization_invitations_email_address_idx";
ALTER INDEX "clerk"."organizations_slug_hash" RENAME TO "organizations_slug_idx";
ALTER INDEX "clerk"."web3_wallets_web3_wallet_hash" RENAME TO "web3_wallets_web3_wallet_idx";
ALTER INDEX "clerk"."external_accounts_provider_user_id_hash" RENAME TO "external_accounts_provider_user_id_idx";
ALTER INDEX "clerk"."phone_numbers_phone_number_hash" RENAME TO "phone_numbers_phone_number_idx";
ALTER INDEX "clerk"."email_addresses_email_address_hash" RENAME TO "email_addresses_email_address_idx";
ALTER INDEX "clerk"."users_external_id_hash" RENAME TO "users_external_id_idx";
ALTER INDEX "clerk"."users_primary_email_address_hash" RENAME TO "users_primary_email_address_idx";
