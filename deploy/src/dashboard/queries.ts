/** Per second, all series together or by labels. */
export function rate(selector: string, by = ''): string {
  const grouping = by ? ` by (${by})` : ''
  return `sum${grouping} (rate(${selector}[$__rate_interval]))`
}

/** The same, and 0 where nothing was ever counted. */
export function rateOrZero(selector: string): string {
  return `(${rate(selector)} or vector(0))`
}

/** Per second by labels, without those of which there is nothing: every type begins at 0. */
export function moving(selector: string, by: string): string {
  return `${rate(selector, by)} > 0`
}

/** A quantile of a histogram over all processes; absent without traffic. `metric` has no suffix. */
export function quantile(q: number, metric: string): string {
  return `histogram_quantile(${q}, ${rate(`${metric}_bucket`, 'le')}) >= 0`
}

/** p50, p95 and p99 with their names. */
export function quantiles(metric: string): (readonly [string, string])[] {
  return [0.5, 0.95, 0.99].map((q) => [quantile(q, metric), `p${q * 100}`])
}

/** A part of a whole, 0 to 1; nothing where the whole is 0. */
export function share(part: string, whole: string): string {
  return `${part} / (${whole} > 0)`
}

/** The same over the last five minutes, for a number that is not drawn as a curve. */
export function lately(expression: string): string {
  return expression.replaceAll('$__rate_interval', '5m')
}
