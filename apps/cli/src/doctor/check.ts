import { errorMessage, withTimeout } from '@clerk-sync/ops'
import type { Quote } from './wording.ts'

/** What a check found, and unless all is well, the cause and the cure. */
export type Finding =
  | { readonly status: 'ok'; readonly found: string }
  | {
      readonly status: 'warning' | 'problem' | 'skipped'
      readonly found: string
      /** One or several, a line each. */
      readonly cause: string | readonly string[]
      readonly cure: string
    }

export type Status = Finding['status']

export interface Check {
  readonly name: string
  /** This check is skipped unless that one works. */
  readonly needs?: Check
  run(): Promise<Finding>
  /** What it means that `run` failed or took too long; `reason` is the message, without secrets. */
  readonly onError: (reason: string, error: unknown) => Finding
}

export type Result = Finding & { readonly name: string }

/** A check that can't run here; `cure` says what it needs. */
export function skippedCheck(name: string, cause: string, cure: string): Check {
  const finding: Finding = { status: 'skipped', found: 'not checked', cause, cure }
  return { name, run: async () => finding, onError: () => finding }
}

/** Calls `read` at the first call only. All callers get the same promise. */
export function remember<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => (reading ??= read())
}

const checkTimeoutMs = 5_000
/** When a check aborts its request. The timeout of the check comes first, and its message is shown. */
export const abortRequestMs = checkTimeoutMs + 500

interface Outcome {
  readonly finding: Finding
  /** Whether the checks that need it can run. */
  readonly works: boolean
}

/** Runs all checks side by side, each after the one that it needs. The results are in the order of the checks. */
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
      const tooLate = `no answer within ${timeoutMs / 1_000} s`
      const finding = await withTimeout(check.run(), timeoutMs, tooLate)
      return { finding, works: finding.status === 'ok' || finding.status === 'warning' }
    } catch (error) {
      return { finding: check.onError(quote(errorMessage(error)), error), works: false }
    }
  }

  return Promise.all(
    checks.map(async (check) => ({ name: check.name, ...(await outcomeOf(check)).finding })),
  )
}
