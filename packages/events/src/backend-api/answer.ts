import { parseJson } from '@clerk-sync/ops'
import { ApiRefusedError, FeatureNotEnabledError, SecretKeyRefusedError } from './errors.ts'

/** What an answer of Clerk means: a body, nothing of that id, an error, or that it is to be asked again. */
export type Answer =
  | { readonly kind: 'found'; readonly body: unknown }
  | { readonly kind: 'none' }
  | { readonly kind: 'error'; readonly error: Error }
  | { readonly kind: 'again'; readonly reason: string; readonly retryAfterMs?: number }

/** Reads Clerk's answer. Bodies of errors are quoted by their code alone. */
export function answerOf(response: Response, text: string): Answer {
  const { status } = response
  const body = parse(text)
  if (status === 200) {
    return body === undefined
      ? { kind: 'again', reason: 'an answer that is no JSON' }
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
  if (status === 401) return { kind: 'error', error: new SecretKeyRefusedError(refusal(said)) }
  // Without a code it is not Clerk's but a firewall's or a proxy's: it says nothing about features or ids.
  if (code !== undefined && (status === 402 || status === 403)) {
    return { kind: 'error', error: new FeatureNotEnabledError(`Clerk answered ${said}`) }
  }
  if (code !== undefined && status === 404) return { kind: 'none' }
  return { kind: 'error', error: new ApiRefusedError(status, `Clerk answered ${said}`) }
}

const refusal = (said: string) =>
  `Clerk refused the secret key (${said}): is CLERK_SECRET_KEY the key of this instance?`

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
