import { setTimeout as sleep } from 'node:timers/promises'
import { answerOf } from './answer.ts'
import type { Answer } from './answer.ts'
import { ApiUnavailableError, SecretKeyRefusedError } from './errors.ts'
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
   *
   * @throws {SecretKeyRefusedError} {FeatureNotEnabledError} {ApiRefusedError} {ApiUnavailableError}
   */
  get(path: string, params?: Params): Promise<unknown>
}

/** Clerk's Backend API, with a rate limit, timeouts and retries, which its SDK leaves to others. */
export function createBackendApi(options: BackendApiOptions): BackendApi {
  const { rateLimiter, signal } = options

  async function ask(url: string): Promise<Answer> {
    const timeout = AbortSignal.timeout(options.requestTimeoutMs ?? requestTimeoutMs)
    try {
      const response = await fetch(url, {
        headers: {
          authorization: `Bearer ${options.secretKey}`,
          'clerk-api-version': apiVersion,
          'user-agent': 'clerk-sync',
        },
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      })
      return answerOf(response, await response.text())
    } catch (error) {
      signal?.throwIfAborted()
      return { kind: 'again', reason: networkReason(error) }
    }
  }

  return {
    async get(path, params = {}) {
      // fetch quotes a header that it can't send, and with it the key.
      if (!/^[\x21-\x7e]+$/.test(options.secretKey)) {
        throw new SecretKeyRefusedError('CLERK_SECRET_KEY has characters that no key has')
      }
      const url = `${options.url}/v1${path}${queryOf(params)}`
      const deadline = Date.now() + (options.budgetMs ?? budgetMs)
      for (let attempt = 1; ; attempt += 1) {
        await rateLimiter.take(signal)
        const answer = await ask(url)
        if (answer.kind === 'found') return answer.body
        if (answer.kind === 'none') return undefined
        if (answer.kind === 'error') throw answer.error
        const { reason, retryAfterMs } = answer
        const inMs = retryAfterMs ?? delayMs(attempt)
        // Others obey even where this one gives up.
        if (retryAfterMs !== undefined)
          await rateLimiter.pause(Math.min(retryAfterMs, longestPauseMs))
        if (Date.now() + inMs > deadline) {
          throw new ApiUnavailableError(`Clerk's API did not answer ${path}: ${reason}`)
        }
        options.onRetry?.({ path, reason, inMs })
        if (retryAfterMs === undefined) await sleep(inMs, undefined, signal ? { signal } : {})
      }
    },
  }
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
