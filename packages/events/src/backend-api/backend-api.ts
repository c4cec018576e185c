import { setTimeout as sleep } from 'node:timers/promises'
import { answerOf } from './answer.ts'
import type { Answer } from './answer.ts'
import { ApiUnavailableError, SecretKeyRefusedError, UnreadableAnswerError } from './errors.ts'
import type { RateLimiter } from './rate-limiter.ts'

// The version whose answers the mappers were written for.
const apiVersion = '2026-05-12'

// A page of 500 users takes Clerk a second or two.
const requestTimeoutMs = 30_000
const firstDelayMs = 500
const longestDelayMs = 30_000
// Clerk's windows last seconds. A senseless Retry-After must not stop all processes for days.
const longestPauseMs = 10 * 60_000

// Clerk's own outages last minutes: an unattended run should outlive them, an operator not wait for ever.
const budgetMs = 10 * 60_000
// Once a request was tried for so long in vain, the next ones find out sooner that nothing has changed.
const budgetInOutageMs = 60_000
// A cut answer is whole the next time. A page of HTML, as a proxy or a wrong URL has, stays one.
const budgetOfMalformedMs = 20_000
// A name server may forget a name for a moment. Offline, or with a wrong URL, it never knows it.
const budgetOfUnknownHostMs = 60_000
// The API answers where it is asked; a proxy in front of it may add a slash or so.
const mostRedirects = 3

/** Query parameters; undefined ones are left out. */
export interface Params {
  readonly [name: string]: string | number | readonly string[] | undefined
}

export interface BackendApiOptions {
  readonly secretKey: string
  /** `https://api.clerk.com` */
  readonly url: string
  readonly rateLimiter: RateLimiter
  readonly signal?: AbortSignal
  readonly requestTimeoutMs?: number
  /** How long one request is tried again, in milliseconds. */
  readonly budgetMs?: number
  readonly onRetry?: (retry: { path: string; reason: string; inMs: number }) => void
}

export interface BackendApi {
  /**
   * Reads `/v1<path>`, trying again while Clerk can't answer. Undefined where Clerk has no such thing.
   * Redirects are followed within the origin alone: another one must learn neither the key nor ids.
   * `budgetMs` is how long this request is tried again.
   *
   * @throws {SecretKeyRefusedError} {FeatureNotEnabledError} {ApiRefusedError}
   * {UnreadableAnswerError} {ApiUnavailableError}
   */
  get(path: string, params?: Params, options?: { readonly budgetMs?: number }): Promise<unknown>
}

/** Clerk's Backend API, with a rate limit, timeouts and retries, which its SDK leaves to others. */
export function createBackendApi(options: BackendApiOptions): BackendApi {
  const { rateLimiter, signal } = options
  let isInOutage = false

  async function ask(path: string, query: string): Promise<Answer> {
    const timeout = AbortSignal.timeout(options.requestTimeoutMs ?? requestTimeoutMs)
    const headers = {
      authorization: `Bearer ${options.secretKey}`,
      'clerk-api-version': apiVersion,
      'user-agent': 'clerk-sync',
    }
    try {
      let url = new URL(`${options.url}/v1${path}${query}`)
      for (let redirects = 0; ; redirects += 1) {
        const response = await fetch(url, {
          headers,
          redirect: 'manual',
          signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
        })
        const text = await response.text()
        const target = redirectOf(response, url)
        if (target?.origin !== url.origin || redirects === mostRedirects) {
          return answerOf(response, text, path)
        }
        url = target
      }
    } catch (error) {
      signal?.throwIfAborted()
      const { code } = Object(Object(error).cause)
      const reason = networkReason(error)
      return code === 'ENOTFOUND'
        ? { kind: 'again', reason, isUnknownHost: true }
        : { kind: 'again', reason }
    }
  }

  return {
    async get(path, params = {}, own = {}) {
      // fetch quotes a header that it can't send, and with it the key.
      if (!/^[\x21-\x7e]+$/.test(options.secretKey)) {
        throw new SecretKeyRefusedError('CLERK_SECRET_KEY has characters that no key has')
      }
      const query = queryOf(params)
      const budget = own.budgetMs ?? options.budgetMs ?? budgetMs
      const start = Date.now()
      const deadline = start + (isInOutage ? Math.min(budget, budgetInOutageMs) : budget)
      for (let attempt = 1; ; attempt += 1) {
        await rateLimiter.take(signal)
        const answer = await ask(path, query)
        if (answer.kind !== 'again') isInOutage = false
        if (answer.kind === 'found') return answer.body
        if (answer.kind === 'none') return undefined
        if (answer.kind === 'error') throw answer.error
        const { reason, retryAfterMs, isMalformed, isUnknownHost } = answer
        const inMs = retryAfterMs ?? delayMs(attempt)
        // Others obey even where this one gives up.
        if (retryAfterMs !== undefined)
          await rateLimiter.pause(Math.min(retryAfterMs, longestPauseMs))
        if (isMalformed && Date.now() + inMs > start + budgetOfMalformedMs) {
          throw new UnreadableAnswerError(
            `the answer to ${path} is no JSON: is CLERK_API_URL that of Clerk's API?`,
          )
        }
        if (isUnknownHost && Date.now() + inMs > start + Math.min(budget, budgetOfUnknownHostMs)) {
          throw new ApiUnavailableError(
            `Clerk's API can't be found: ${reason}. Is this machine offline? CLERK_API_URL names the API`,
          )
        }
        if (Date.now() + inMs > deadline) {
          isInOutage ||= own.budgetMs === undefined
          throw new ApiUnavailableError(`Clerk's API did not answer ${path}: ${reason}`)
        }
        options.onRetry?.({ path, reason, inMs })
        if (retryAfterMs === undefined) await sleep(inMs, undefined, signal ? { signal } : {})
      }
    },
  }
}

function redirectOf({ status, headers }: Response, from: URL): URL | null | undefined {
  const location = headers.get('location')
  return status >= 300 && status < 400 && location !== null
    ? URL.parse(location, from.href)
    : undefined
}

// Doubling, with half of it left to chance, so that several processes don't come back together.
function delayMs(attempt: number): number {
  const delay = Math.min(firstDelayMs * 2 ** (attempt - 1), longestDelayMs)
  return delay / 2 + Math.random() * (delay / 2)
}

function queryOf(params: Params): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined) continue
    for (const one of typeof value === 'object' ? value : [value]) query.append(name, String(one))
  }
  const text = query.toString()
  return text === '' ? '' : `?${text}`
}

// fetch says only that it failed; the reason is its cause. Without a code it is not the network's,
// and may quote what was sent.
function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'no answer'
  if (error.name === 'TimeoutError') return 'no answer in time'
  const { cause } = error
  if (!(cause instanceof Error && 'code' in cause)) return 'no answer'
  return cause.message === '' ? String(cause.code) : cause.message
}
