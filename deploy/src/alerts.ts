import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

export const alertsPath = new URL('../prometheus/alerts.yml', import.meta.url).pathname

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  /** How long the condition must hold. */
  readonly for?: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** All rules of alerts.yml. */
export function readAlerts(): AlertRule[] {
  const { groups } = parse(readFileSync(alertsPath, 'utf8')) as { groups: { rules: AlertRule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

const alerts = new Map(readAlerts().map((rule) => [rule.alert, rule]))

/**
 * The number of the first comparison in an alert: its panel turns red there.
 *
 * @throws an Error when the alert does not exist or compares nothing.
 */
export function alertThreshold(name: string): number {
  const [, factors] = /[<>=] ([\d.]+(?: \* [\d.]+)*)/.exec(alerts.get(name)?.expr ?? '') ?? []
  if (factors === undefined) throw new Error(`alerts.yml has no threshold for ${name}`)
  return factors.split(' * ').reduce((product, factor) => product * Number(factor), 1)
}
