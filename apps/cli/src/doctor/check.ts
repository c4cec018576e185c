/** What a check found; unless it is fine, why that is so and what to do about it. */
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
  /** What has to work first: without it this check is skipped. */
  readonly needs?: Check
  run(): Promise<Finding>
  /** What it means that `run` threw, or had no answer in time; `reason` is in words. */
  readonly onError: (reason: string, error: unknown) => Finding
}

export type Result = Finding & { readonly name: string }

/** A check that can't be made, and what it takes. */
export function skippedCheck(name: string, cause: string, cure: string): Check {
  const finding: Finding = { status: 'skipped', found: 'not checked', cause, cure }
  return { name, run: async () => finding, onError: () => finding }
}

/** Reads it when it is first asked for, once for all who ask. */
export function remember<T>(read: () => Promise<T>): () => Promise<T> {
  let reading: Promise<T> | undefined
  return () => (reading ??= read())
}
