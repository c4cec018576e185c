import { readFileSync } from 'node:fs'
import { parse } from 'yaml'

const alertsFile = new URL('../../prometheus/alerts.yml', import.meta.url)

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** All rules of alerts.yml. */
export function readAlerts(): AlertRule[] {
  const { groups } = parse(readFileSync(alertsFile, 'utf8')) as { groups: { rules: AlertRule[] }[] }
  return groups.flatMap(({ rules }) => rules)
}

const alerts = new Map(readAlerts().map((rule) => [rule.alert, rule]))

/**
 * The number in the first comparison of an alert: where its panel turns red.
 *
 * @throws when there is no such alert, or it compares nothing
 */
export function alertThreshold(name: string): number {
  const [, factors] = /[<>=] ([\d.]+(?: \* [\d.]+)*)/.exec(alerts.get(name)?.expr ?? '') ?? []
  if (factors === undefined) throw new Error(`there is no threshold of an alert ${name}`)
  return factors.split(' * ').reduce((product, factor) => product * Number(factor), 1)
}
