import type { RateLimit } from './rate-limit.ts'

/** What may go wrong with an answer. */
export type FaultKind =
  | { rateLimit: RateLimit }
  /** An answer of Clerk's own kind with this status, 500 and above as a rule. */
  | { status: number }
  | { delayMs: number }
  /** The connection ends without an answer, or after half of one. */
  | { cut: 'before' | 'middle' }
  /** A 200 whose body is half of its JSON. */
  | { malformed: true }
  /** No answer, and the connection stays. */
  | { hang: true }

/** When it goes wrong: always, for the next so many requests, or by chance. */
interface Occasion {
  /** Where, `/v1/**` by default; see buildPathTest. */
  path?: string
  times?: number
  /** From 0 to 1, drawn from a generator with this seed, 1 by default. */
  probability?: number
  seed?: number
}

export type Fault = FaultKind & Occasion

/** Everything that goes wrong with one request. */
export interface Damage {
  retryAfterSeconds?: number
  status?: number
  delayMs: number
  cut?: 'before' | 'middle'
  isMalformed: boolean
  isHanging: boolean
}

/** Puts what a fault does to a request over what others did. */
export function damageBy(
  kind: FaultKind,
  damage: Damage,
  secondsToWait: () => number | undefined,
): Damage {
  if ('rateLimit' in kind) {
    const retryAfterSeconds = secondsToWait()
    return retryAfterSeconds === undefined ? damage : { ...damage, retryAfterSeconds }
  }
  if ('status' in kind) return { ...damage, status: kind.status }
  if ('delayMs' in kind) return { ...damage, delayMs: damage.delayMs + kind.delayMs }
  if ('cut' in kind) return { ...damage, cut: kind.cut }
  if ('malformed' in kind) return { ...damage, isMalformed: true }
  return { ...damage, isHanging: true }
}
