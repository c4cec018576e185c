import { errorMessage } from '@clerk-sync/ops'
import type { Check, Finding, Result } from './check.ts'
import type { Quote } from './quote.ts'

/** No check gets more time for its answer. */
export const checkTimeoutMs = 5_000

/** Runs all checks side by side, each as soon as what it needs works. Results are in their order. */
export async function runChecks(
  checks: readonly Check[],
  quote: Quote,
  timeoutMs = checkTimeoutMs,
): Promise<Result[]> {
  const outcomes = new Map<Check, Promise<Outcome>>()

  function outcomeOf(check: Check): Promise<Outcome> {
    const known = outcomes.get(check)
    if (known) return known
    const outcome = runWhenPossible(check)
    outcomes.set(check, outcome)
    return outcome
  }

  async function runWhenPossible({ needs, ...check }: Check): Promise<Outcome> {
    if (needs && !(await outcomeOf(needs)).works) {
      const cause = `it needs "${needs.name}"`
      const cure = `see "${needs.name}" first`
      return { finding: { status: 'skipped', found: 'not checked', cause, cure }, works: false }
    }
    try {
      const finding = await withTimeout(check.run(), timeoutMs)
      return { finding, works: finding.status === 'ok' || finding.status === 'warning' }
    } catch (error) {
      return { finding: check.onError(quote(errorMessage(error)), error), works: false }
    }
  }

  return Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await outcomeOf(check)).finding })),
  )
}

interface Outcome {
  readonly finding: Finding
  /** Whether the checks that need it can be made. */
  readonly works: boolean
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const timeout = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    const error = new Error(`no answer within ${timeoutMs / 1000} s`)
    timeout.reject(Object.assign(error, { code: 'ETIMEDOUT' }))
  }, timeoutMs)
  // Work that fails after its time is up: nobody waits for it then.
  work.catch(() => undefined)
  try {
    return await Promise.race([work, timeout.promise])
  } finally {
    clearTimeout(timer)
  }
}
