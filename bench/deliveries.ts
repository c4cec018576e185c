import { buildSample } from '@clerk-sync/events/samples'
import { buildEventJob, keptBy, parseEnvelope, parseSigningSecrets, sign } from '@clerk-sync/events'
import type { EventJob } from '@clerk-sync/events'

/** What ingest, worker and baselines all get: a user.updated of 2.4 KB of a user who has a row. */
export interface Delivery {
  readonly svixId: string
  readonly body: string
  readonly job: EventJob
}

/** As many as there are rows at the start of the measurements. */
export const smallestTable = 20_000
const bodyBytes = 2_400
// Clerk's and Svix's ids have 27 digits behind their prefix.
export const idDigits = 27
/** The number of the first user of a seeded table. Up to 90 million have as many digits: SQL adds no zeros. */
export const firstNumber = 10_000_000
const kept = keptBy({ SYNC_ENTITIES: undefined, SYNC_FIELDS: undefined })

/** Later events are newer, and no id comes twice: each event of a run is applied. */
let count = 0
const startedAt = Date.now() - 3_600_000

const numberOf = (value: number) => String(value).padStart(idDigits, '0')

/** The id of a user of the seeded table. */
export const userIdOf = (index: number) => `user_${numberOf(firstNumber + index)}`

const addressIdOf = (index: number) => `idn_${numberOf(firstNumber + index)}`

/** Builds the next events, of users spread over the whole table. */
export function buildDeliveries(amount: number, users: number): Delivery[] {
  return Array.from({ length: amount }, () => {
    count += 1
    // 7,919 is prime: neighbours in time are not neighbours in the table.
    const index = (count * 7_919) % users
    const id = userIdOf(index)
    const svixId = `msg_${numberOf(count)}`
    const event = buildSample('user.updated', { id, now: startedAt + count })
    keepAddressId(event.data, addressIdOf(index))
    const missing = bodyBytes - JSON.stringify(event).length
    event.data['public_metadata'] = { note: 'x'.repeat(Math.max(1, missing)) }
    const body = JSON.stringify(event)
    return { svixId, body, job: toJob(svixId, body) }
  })
}

// Clerk's id of an address stays the same as long as the user has it.
function keepAddressId(data: { [field: string]: unknown }, id: string): void {
  const [address] = data['email_addresses'] as { id: string }[]
  Object.assign(address ?? {}, { id })
  data['primary_email_address_id'] = id
}

function toJob(svixId: string, body: string): EventJob {
  const envelope = parseEnvelope(Buffer.from(body))
  const receivedAt = Date.now()
  const svixTimestamp = Math.floor(receivedAt / 1_000)
  const job = envelope && buildEventJob(kept, envelope, { svixId, svixTimestamp, receivedAt })
  if (!job) throw new Error('the sample is left out')
  return job
}

/** The deliveries as whole HTTP requests, signed now: they are valid for five minutes. */
export function toRequests(deliveries: readonly Delivery[], url: string, secret: string): Buffer[] {
  const [key] = parseSigningSecrets(secret)
  if (!key) throw new Error('no signing secret')
  const { pathname, host } = new URL(url)
  const timestamp = Math.floor(Date.now() / 1_000)
  return deliveries.map(({ svixId, body }) => {
    const head = [
      `POST ${pathname} HTTP/1.1`,
      `host: ${host}`,
      'content-type: application/json',
      'user-agent: Svix-Webhooks/1.99',
      `content-length: ${Buffer.byteLength(body)}`,
      `svix-id: ${svixId}`,
      `svix-timestamp: ${timestamp}`,
      `svix-signature: ${sign(key, { id: svixId, timestamp, body })}`,
    ]
    return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
  })
}
