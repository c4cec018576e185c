import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Refusal } from './refusal.ts'
import { billingDisabled, headerMissing, keyInvalid, organizationsDisabled } from './refusal.ts'
import type { Feature, Route, RouteRequest } from './routes/route.ts'

/** An answer before it is written. */
export interface Answer {
  status: number
  body: string
  headers: Record<string, string>
}

/** Which of Clerk's features the instance has switched on. */
export type Features = Record<Feature, boolean>

const disabled: Record<Feature, Refusal> = {
  organizations: organizationsDisabled,
  billing: billingDisabled,
}

/** Refuses a request without the instance's secret key. */
export function refuseStranger(request: IncomingMessage, secretKey: string): void {
  const [scheme, key = ''] = (request.headers.authorization ?? '').split(' ')
  if (scheme !== 'Bearer' || key === '') throw headerMissing
  const [given, expected] = [Buffer.from(key), Buffer.from(secretKey)]
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw keyInvalid
}

/** Lets an endpoint answer, unless the feature it belongs to is off. */
export function answerRoute(
  { feature, handle }: Route,
  features: Features,
  request: RouteRequest,
): Answer {
  if (feature && !features[feature]) throw disabled[feature]
  return { status: 200, body: JSON.stringify(handle(request)), headers: {} }
}

/** Writes a refusal as Clerk does. */
export function answerRefusal(
  { status, error }: Refusal,
  traceId: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    body: JSON.stringify({ errors: [error], clerk_trace_id: traceId }),
    headers,
  }
}
