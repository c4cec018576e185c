import { expect } from 'vitest'
import type { DeletionPolicy } from '../../../src/index.ts'
import type { HistoryEvent } from '../world/world.ts'
import { isDeleted } from './known.ts'
import type { Known } from './known.ts'
import type { TableRow } from './rows.ts'

interface Concerns {
  id: string
  user_id?: string
  organization_id?: string
  organization?: { id: string }
  public_user_data?: { user_id: string } | null
  payer?: { user_id?: string; organization_id?: string }
}

const clientIp = '203.0.113.7'

/** The address of the user's own request, which is known of some events. */
export function clientIpOf({ type }: HistoryEvent): string | null {
  return /^(user|session)\./.test(type) ? clientIp : null
}

/** One row per event. What tells of a person is emptied with the person, and with the thing. */
export function expectedLedger(
  events: readonly HistoryEvent[],
  things: ReadonlyMap<string, Known>,
  policy: DeletionPolicy,
): TableRow[] {
  const isDeletedId = (id: string | undefined) => {
    const thing = things.get(id ?? '')
    return thing !== undefined && isDeleted(thing, things)
  }
  return events.map((event) => {
    const { svixId, type, id, occurredAt, data } = event
    const [userId, organizationId] = concernedBy(type, data as Concerns)
    const isRedacted = policy !== 'retain' && (isDeletedId(id) || isDeletedId(userId))
    return {
      id: svixId,
      type,
      entity_id: id,
      user_id: userId ?? null,
      organization_id: organizationId ?? null,
      occurred_at: new Date(occurredAt).toISOString(),
      client_ip: isRedacted ? null : clientIpOf(event),
      // Which events changed something depends on the order in which they came.
      has_values: isRedacted ? false : expect.any(Boolean),
    }
  })
}

function concernedBy(
  type: string,
  data: Concerns,
): [user: string | undefined, organization: string | undefined] {
  if (type.startsWith('user.')) return [data.id, undefined]
  if (type.startsWith('organization.')) return [undefined, data.id]
  const user = data.public_user_data?.user_id ?? data.user_id ?? data.payer?.user_id
  const organization = data.organization?.id ?? data.organization_id ?? data.payer?.organization_id
  return [user === '' ? undefined : user, organization === '' ? undefined : organization]
}
