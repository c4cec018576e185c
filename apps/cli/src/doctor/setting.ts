import type { Variable } from '@clerk-sync/ops'

/** One variable as a check can use it. */
export type Setting<T> =
  | { readonly state: 'set'; readonly value: T }
  | { readonly state: 'unset' }
  | { readonly state: 'wrong' }

/** Reads one variable by itself: one that is wrong keeps no other from being checked. */
export function readSetting<T>(
  schema: Variable<T>,
  text: string | undefined,
): Setting<NonNullable<T>> {
  const parsed = schema.safeParse(text || undefined)
  if (!parsed.success) return { state: 'wrong' }
  const { data } = parsed
  return data === undefined || data === null ? { state: 'unset' } : { state: 'set', value: data }
}
