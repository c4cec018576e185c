import { parseJson } from '@clerk-sync/ops'
import { ApiRefusedError, FeatureNotEnabledError, SecretKeyRefusedError } from './errors.ts'

/** What an answer of Clerk means: a body, nothing of that id, an error, or that it is to be asked again. */
export type Answer =
  | { readonly kind: 'found'; readonly body: unknown }
  | { readonly kind: 'none' }
  | { readonly kind: 'error'; readonly error: Error }
  | {
      readonly kind: 'again'
      readonly reason: string
      readonly retryAfterMs?: number
      /** A success without JSON: cut off on the way, or not of Clerk's API at all. */
      readonly isMalformed?: true
      /** The name of the API is not known here: offline, or a wrong URL. */
      readonly isUnknownHost?: true
    }

// What Clerk says of a feature that is switched off or that the plan lacks, with 402, 403, 404 or 422,
// as in organization_not_enabled_in_instance and unsupported_subscription_plan_features.
const featureCode =
  /not_enabled|feature|subscription_plan|(organizations?|billing|commerce|waitlist)_disabled/i

/** Reads Clerk's answer to a path. Bodies of errors are quoted by their code alone. */
export function answerOf(response: Response, text: string, path: string): Answer {
  const { status } = response
  const body = parse(text)
  if (status === 200) {
    return body === undefined
      ? { kind: 'again', reason: 'an answer that is no JSON', isMalformed: true }
      : { kind: 'found', body }
  }
  const code = codeIn(body)
  const said = `${status}${code === undefined ? '' : ` ${code}`}`
  if (status === 429 || status >= 500) {
    const seconds = Number(response.headers.get('retry-after'))
    return Number.isFinite(seconds) && seconds > 0
      ? { kind: 'again', reason: said, retryAfterMs: seconds * 1_000 }
      : { kind: 'again', reason: said }
  }
  const message = `Clerk answered ${said} to ${path}${redirectIn(response)}`
  if (status === 401) return { kind: 'error', error: new SecretKeyRefusedError(refusal(said)) }
  // Without such a code it says nothing about features: the key may lack a permission, or a firewall,
  // a proxy or another API answers.
  if (code !== undefined && [402, 403, 404, 422].includes(status) && featureCode.test(code)) {
    return { kind: 'error', error: new FeatureNotEnabledError(message) }
  }
  if (code !== undefined && status === 404) return { kind: 'none' }
  return { kind: 'error', error: new ApiRefusedError(status, message) }
}

const refusal = (said: string) =>
  `Clerk refused the secret key (${said}): is CLERK_SECRET_KEY the key of this instance?`

// A target may carry ids: its host is enough to see what answers.
function redirectIn({ status, headers }: Response): string {
  const location = headers.get('location')
  if (status < 300 || status >= 400 || location === null) return ''
  const origin = URL.parse(location)?.origin
  return `, a redirect${origin === undefined ? '' : ` to ${origin}`}, which is not followed: set CLERK_API_URL to where the API is`
}

function parse(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

function codeIn(body: unknown): string | undefined {
  const errors = (body as { errors?: unknown } | null | undefined)?.errors
  if (!Array.isArray(errors)) return undefined
  const code = (errors[0] as { code?: unknown } | null | undefined)?.code
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : undefined
}
