import { setTimeout as sleep } from 'node:timers/promises'
import type { Pace, Rate } from '@clerk-sync/events/backend-api'
import { holdRequests, takeRequest } from './statements/api-pace.ts'
import type { Database } from '@clerk-sync/db'
import { patiently } from './patience.ts'

const never = new AbortController().signal

/** A pace that all processes of the deployment keep together, in their database. */
export function createSharedPace(db: Database, { requests, perMs }: Rate): Pace {
  const timing = { intervalMs: perMs / requests, burstMs: perMs / 10 }
  return {
    async take(signal = never) {
      for (;;) {
        signal.throwIfAborted()
        const waitMs = await patiently({ signal }, () => takeRequest(db, timing))
        if (waitMs <= 0) return
        await sleep(waitMs, undefined, { signal })
      }
    },
    pause: (ms) => patiently({ signal: never }, () => holdRequests(db, ms)),
  }
}
