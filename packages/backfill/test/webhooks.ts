import { applyChanges } from '@clerk-sync/db'
import type { Change } from '@clerk-sync/db'
import { minimise, readConcerned, readRow, wellFormed } from '@clerk-sync/entities'
import type { Kept } from '@clerk-sync/entities'
import type { WebhookEvent } from '@clerk-sync/fake-clerk'
import type { Scene } from './scene.ts'

export interface Webhooks {
  /** Resolves when everything that was told so far is applied. */
  settled(): Promise<void>
}

/** From now on the fake's events are applied, in batches, by a database handle of their own. */
export function startWebhooks({ fake, kept, openDatabase }: Scene): Webhooks {
  const db = openDatabase()
  const waiting: Change[] = []
  let running = Promise.resolve()
  let count = 0

  async function applyWaiting(): Promise<void> {
    // The last first: they may arrive in any order.
    const changes = waiting.splice(0).toReversed()
    if (changes.length === 0) return
    const results = await applyChanges(db, changes, { deletionPolicy: 'erase', auditValues: false })
    for (const result of results) if (!result.ok) throw result.error
  }

  fake.world.onEvent((event) => {
    count += 1
    waiting.push(toChange(kept, event, `msg_${count}`))
    running = running.then(applyWaiting)
  })
  return {
    async settled() {
      await running
    },
  }
}

function toChange(kept: Kept, { type, data, timestamp }: WebhookEvent, svixId: string): Change {
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
    occurredAt: Number(timestamp),
    receivedAt: Number(timestamp),
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
