import { verifyWebhook } from '@clerk/backend/webhooks'
import { Webhook, WebhookVerificationError } from 'svix'
import type { GeneratedRequest } from './signature.arbitrary.ts'
import type { SignatureVerdict } from './signature.ts'

export type Verdict = 'ok' | Extract<SignatureVerdict, { ok: false }>['reason']

const reasonOfMessage = new Map<string, Verdict>([
  ['Missing required headers', 'missing_header'],
  ['Invalid Signature Headers', 'malformed_timestamp'],
  ['Message timestamp too old', 'too_old'],
  ['Message timestamp too new', 'too_new'],
  ['No matching signature found', 'no_match'],
])

/** @clerk/backend takes one secret and consumes the Request, so each secret gets its own. */
export async function verdictOfClerk(request: GeneratedRequest): Promise<Verdict> {
  let verdict: Verdict = 'no_match'
  for (const signingSecret of request.secrets) {
    verdict = await verifyWebhook(fetchRequest(request), { signingSecret }).then(
      () => 'ok' as const,
      (error: unknown) => verdictOfClerkError(error, request.body),
    )
    if (verdict === 'ok') break
  }
  return verdict
}

export function fetchRequest({ headers, body }: GeneratedRequest): Request {
  return new Request('http://localhost/', { method: 'POST', headers: svixHeaders(headers), body })
}

/** It parses the body after the check and reports what it can't read as a failed verification. */
function verdictOfClerkError(error: unknown, body: Buffer): Verdict {
  const message = (error as Error).message
  if (message.includes('Missing required webhook headers')) return 'missing_header'
  const known = [...reasonOfMessage].find(([text]) => message.endsWith(`: ${text}`))
  if (known) return known[1]
  if (!isReadable(body)) return 'ok'
  throw error
}

/** HTTP has no whitespace around a header's value, so svix gets what a server would give it. */
export function verdictOfSvix({ headers, ...request }: GeneratedRequest): Verdict {
  const { id, timestamp, signature } = headers
  const trimmed = { id: id?.trim(), timestamp: timestamp?.trim(), signature: signature?.trim() }
  return verdictOfSvixUntrimmed({ ...request, headers: trimmed })
}

export function verdictOfSvixUntrimmed({ secrets, headers, body }: GeneratedRequest): Verdict {
  let verdict: Verdict = 'no_match'
  for (const secret of secrets) {
    try {
      new Webhook(secret).verify(body, svixHeaders(headers))
      return 'ok'
    } catch (error) {
      const reason = reasonOfMessage.get((error as Error).message)
      if (!(error instanceof WebhookVerificationError) || !reason) throw error
      verdict = reason
    }
  }
  return verdict
}

function svixHeaders(headers: GeneratedRequest['headers']): Record<string, string> {
  const present = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[`svix-${name}`, value] as const],
  )
  return Object.fromEntries(present)
}

function isReadable(body: Buffer): boolean {
  try {
    return JSON.parse(body.toString()) !== null
  } catch {
    return false
  }
}
