// Apart from the command, whose imports --help need not wait for.
export const replayHelp = `
It runs failed jobs again with all their attempts, oldest first. Jobs that fail again while it
runs are left for the next time, jobs that somebody else replays or removes meanwhile are
skipped. Ctrl-C stops it without harm; running it again goes on.

--since and --until are about when a job failed: 90s, 30m, 2h or 7d ago, or a time as in
2026-11-30T14:05:00Z.

It needs the queue: REDIS_URL, or DATABASE_URL where the queue lives in PostgreSQL, or a
"clerk-sync start" that runs here.

Exit code: 0 when all went back into the queue, 1 on errors, 130 when it was stopped.

Examples:
  $ clerk-sync replay --failed --dry-run
  $ clerk-sync replay --failed --type user.created,user.updated --since 2h
  $ clerk-sync replay --failed --reason 'SQLSTATE 23514'
  $ clerk-sync replay --failed --json | jq '.replayed'
`
