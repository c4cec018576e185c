-- A view of each table without what Clerk has deleted. Whoever reads a view needs the rights, and is
-- subject to the policies, of the table (security_invoker): otherwise row level security would hide
-- nothing from a reader of the view. PostgreSQL 14 has no such views.
DO $$
DECLARE
    options TEXT := CASE WHEN current_setting('server_version_num')::int >= 150000
        THEN 'WITH (security_invoker = true)' ELSE '' END;
    entity_table TEXT;
    child RECORD;
BEGIN
    FOREACH entity_table IN ARRAY ARRAY[
        'users', 'organizations', 'organization_memberships', 'organization_invitations',
        'organization_domains', 'roles', 'permissions', 'sessions', 'waitlist_entries', 'subscriptions',
        'subscription_items', 'payment_attempts'
    ] LOOP
        EXECUTE format(
            'CREATE VIEW clerk.%I %s AS SELECT * FROM clerk.%I WHERE deleted_at IS NULL',
            'live_' || entity_table, options, entity_table
        );
    END LOOP;
    FOR child IN
        SELECT * FROM (VALUES
            ('email_addresses', 'user_id', 'users'),
            ('phone_numbers', 'user_id', 'users'),
            ('external_accounts', 'user_id', 'users'),
            ('enterprise_accounts', 'user_id', 'users'),
            ('saml_accounts', 'user_id', 'users'),
            ('web3_wallets', 'user_id', 'users'),
            ('role_permissions', 'role_id', 'roles')
        ) AS children (name, parent_column, parent)
    LOOP
        EXECUTE format(
            'CREATE VIEW clerk.%I %s AS SELECT child.* FROM clerk.%I AS child
             JOIN clerk.%I AS parent ON parent.id = child.%I AND parent.deleted_at IS NULL',
            'live_' || child.name, options, child.name, child.parent, child.parent_column
        );
    END LOOP;
END $$;
