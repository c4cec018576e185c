const units = [
  ['days', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const

/** A time span in its largest unit, as in 3 min. */
export function renderAge(ms: number): string {
  const [unit, length] = units.find(([, least]) => ms >= least * 2) ?? ['s', 1_000]
  return `${Math.max(0, Math.round(ms / length))} ${unit}`
}
