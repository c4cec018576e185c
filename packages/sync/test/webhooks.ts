import { applyChanges } from '@clerk-sync/db'
import type { WriteRules } from '@clerk-sync/db'
import { buildEventJob, changeFromEvent } from '@clerk-sync/events'
import type { Change, ClerkObject } from '@clerk-sync/events'
import type { Scene } from './scene.ts'

export interface Webhooks {
  /** Resolves when everything that was told so far is applied. */
  readonly settled: () => Promise<void>
  /** An event that is not Clerk's own. */
  readonly tell: (type: string, data: ClerkObject) => void
}

interface Told {
  type: string
  data: ClerkObject
  timestamp: number
}

/** From now on the fake's events are applied, in batches, by a database handle of their own. */
export function startWebhooks(
  { fake, kept, openDatabase }: Scene,
  rules: WriteRules = { deletionPolicy: 'erase', auditValues: false },
): Webhooks {
  const db = openDatabase()
  const waiting: Change[] = []
  let running = Promise.resolve()
  let count = 0

  async function applyWaiting(): Promise<void> {
    // The last first: they may arrive in any order.
    const changes = waiting.splice(0).toReversed()
    if (changes.length === 0) return
    const results = await applyChanges(db, changes, rules)
    for (const result of results) if (!result.ok) throw result.error
  }

  function receive(event: Told): void {
    count += 1
    const receivedAt = event.timestamp
    const delivery = { svixId: `msg_${count}`, svixTimestamp: receivedAt / 1_000, receivedAt }
    const job = buildEventJob(kept, event, delivery)
    if (!job) return
    waiting.push(changeFromEvent(kept, job))
    running = running.then(applyWaiting)
  }

  fake.world.onEvent(receive)
  return {
    tell: (type, data) => receive({ type, data, timestamp: Date.now() }),
    async settled() {
      await running
    },
  }
}
