// Small differences are in every answer's way, and harmless.
const smallMs = 5_000

/** How far this machine's clock is ahead of another one, in words; behind it when negative. */
export function describeSkew(aheadMs: number, whose: string): { text: string; isLarge: boolean } {
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const text =
    seconds <= 1
      ? `within a second of ${whose}`
      : `${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} ${whose}`
  return { text, isLarge: Math.abs(aheadMs) > smallMs }
}
