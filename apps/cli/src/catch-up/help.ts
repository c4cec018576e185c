// Apart from the commands, whose imports --help need not wait for.
export const backfillHelp = `
It reads users, organizations, memberships, invitations, domains, roles, permissions and
waitlist entries, as far as SYNC_ENTITIES keeps them, and writes them through the same
guarded write as the worker: it may run beside live webhooks, never overwrites anything
newer and brings nothing back that was deleted. Ctrl-C stops it; --resume goes on there and
passes over what was finished.

It keeps to the worker's DELETION_POLICY, SYNC_ENTITIES and SYNC_FIELDS, which the database
knows, and refuses a key of another instance than before. A row with the same updated_at is
left as it is.

It needs CLERK_SECRET_KEY and DATABASE_URL, or "clerk-sync start --fake-clerk 1000" here.
The rateLimiter is shared by all processes on one database: 900 requests per 10 s for a
production key, 90 for a development one.

Examples:
  $ clerk-sync backfill
  $ clerk-sync backfill --entities users,organizations --dry-run
  $ clerk-sync backfill --resume
`

export const reconcileHelp = `
It compares Clerk and the tables both ways and reports per entity, what is
  missing      in Clerk, but not here
  stale        here older than in Clerk
  extra        here, but no longer in Clerk (asked for once more, by its id)
  resurrected  in Clerk, but marked as deleted here
What changed in Clerk within the last minute is on its way by webhook and no drift.
--repair mends it through the guarded write; rows are deleted only after that second look.
When more rows of a table are to be deleted than --max-deletes allows (default 1%), nothing
of that table and of those after it is written.

Exit code: 0 without drift (after --repair: none left), 3 with drift, 1 on errors.

Examples:
  $ clerk-sync reconcile
  $ clerk-sync reconcile --repair --max-deletes 50
  $ clerk-sync reconcile --json | jq '.drift'
`
