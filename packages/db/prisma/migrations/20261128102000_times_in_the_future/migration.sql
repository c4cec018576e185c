-- An updated_at in the future kept every later change of its row out. It counts as the time of the event
-- now, and here too; of a row that was read from Clerk's API as the time of its creation.
DO $$
DECLARE
    entity_table TEXT;
BEGIN
    FOREACH entity_table IN ARRAY ARRAY[
        'users', 'sessions', 'organizations', 'organization_memberships', 'organization_invitations',
        'organization_domains', 'roles', 'permissions', 'waitlist_entries', 'subscriptions',
        'subscription_items', 'payment_attempts'
    ] LOOP
        EXECUTE format(
            'UPDATE clerk.%I SET updated_at = CASE
               WHEN event_id <> '''' AND event_occurred_at <= now() THEN event_occurred_at
               WHEN created_at <= now() THEN created_at
               ELSE to_timestamp(0)
             END
             WHERE updated_at > now() + interval ''1 day''',
            entity_table
        );
    END LOOP;
END $$;
