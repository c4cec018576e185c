#!/bin/sh
# Sends a signed event through the running containers, waits for its row, and deletes it again. Needs
# only Docker. Exits with 0 when both events were applied; otherwise says what is wrong.
set -eu
cd "$(dirname "$0")/.."

user="user_smoke$(date +%s)$$"
url=http://ingest:3000/api/webhooks/clerk

trigger() {
  docker compose run --rm --no-deps -T cli trigger "$1" --id "$user" --url "$url" --timeout 30000
}

fail() {
  echo "smoke: $1" >&2
  docker compose ps >&2
  exit 1
}

trigger user.created || fail 'user.created did not create its row'
trigger user.deleted || fail 'user.deleted did not delete the row'
echo "smoke: passed; of $user the tombstone and the ledger remain"
