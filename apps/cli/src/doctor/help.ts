export const doctorHelp = `
It reads the settings as ingest, worker, console and the commands do, from the environment
and .env, or takes those of the clerk-sync that "start" runs here. It connects to
everything that they name, and changes nothing. It asks Clerk's API for the time and, with
CLERK_SECRET_KEY, for the instance. --url gets one POST without a signature, which ingest
refuses and counts as such.

A check that takes more than 5 s has failed. The exit code is 1 when there is a problem,
and 0 with warnings alone. Passwords, keys and signing secrets are never shown.

Examples:
  $ clerk-sync doctor
  $ clerk-sync doctor --url https://example.com/api/webhooks/clerk
  $ clerk-sync doctor --json | jq '.checks[] | select(.status == "problem")'
`
