import type { DeleteLimit } from '@clerk-sync/sync'

/** `50` rows, or `2%` of what Clerk has of an entity; undefined for anything else. */
export function parseMaxDeletes(text: string): DeleteLimit | undefined {
  const [, digits, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? []
  const value = Number(digits)
  if (digits === undefined || (percent === '%' && value > 100)) return undefined
  if (percent === '%') return { percent: value }
  return Number.isInteger(value) ? { rows: value } : undefined
}
