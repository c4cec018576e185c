import { applyChanges } from '@clerk-sync/db'
import type { Change, WriteRules } from '@clerk-sync/db'
import { minimise, readConcerned, readRow, wellFormed } from '@clerk-sync/events'
import type { ClerkObject, Kept } from '@clerk-sync/events'
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
    waiting.push(toChange(kept, event, `msg_${count}`))
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

function toChange(kept: Kept, { type, data, timestamp }: Told, svixId: string): Change {
  const effect = kept.effectOf(type)
  const concerns = 'entity' in effect ? effect.entity.concerns : {}
  const concerned = readConcerned(concerns, data)
  const id = String(data['id'])
  const event = {
    id: svixId,
    type,
    entityId: id,
    userId: concerned.user,
    organizationId: concerned.organization,
    clientIp: undefined,
    userAgent: undefined,
    occurredAt: timestamp,
    receivedAt: timestamp,
  }
  if (!('entity' in effect)) return { kind: 'none', event }
  const { entity, action } = effect
  if (action === 'delete') return { kind: 'delete', event, entity, id }
  const row = readRow(entity, wellFormed(minimise(entity, data)))
  if (!row.ok) throw new Error(row.problem)
  return {
    kind: 'upsert',
    event,
    entity,
    id,
    updatedAt: Number(data['updated_at']),
    value: row.value,
  }
}
