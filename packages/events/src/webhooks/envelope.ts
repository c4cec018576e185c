import { latestTime } from '../entities/entity.ts'
import { z } from 'zod'

/** What Clerk sends for one event, as far as every type has it in common. */
export interface Envelope {
  type: string
  data: { [field: string]: unknown }
  /** When the event occurred, in milliseconds; old messages lack it. */
  timestamp?: number | undefined
  instance_id?: string | undefined
  /** The request that the event came from. */
  event_attributes?: { http_request?: HttpRequest | undefined } | undefined
}

interface HttpRequest {
  client_ip?: string | undefined
  user_agent?: string | undefined
}

const text = z.string().optional().catch(undefined)
const httpRequest = z.object({ client_ip: text, user_agent: text }).optional().catch(undefined)

const envelopeSchema = z.object({
  type: z.string().min(1).max(200),
  data: z.record(z.string(), z.unknown()),
  timestamp: z.number().min(0).optional().catch(undefined).transform(toMilliseconds),
  instance_id: text,
  event_attributes: z.object({ http_request: httpRequest }).optional().catch(undefined),
})

/** The event in a verified body, or undefined when the body is not an event. */
export function parseEnvelope(body: Buffer): Envelope | undefined {
  let json: unknown
  try {
    json = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  const parsed = envelopeSchema.safeParse(json)
  return parsed.success ? parsed.data : undefined
}

// Clerk's documentation says milliseconds, its catalogue's examples carry seconds. A time that can't
// be kept is none.
function toMilliseconds(timestamp: number | undefined): number | undefined {
  if (timestamp === undefined) return undefined
  const ms = Math.trunc(timestamp < 1e11 ? timestamp * 1000 : timestamp)
  return ms <= latestTime ? ms : undefined
}
