import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { readAlerts } from './alerts.ts'

const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
const sections = new Map(
  runbook.split(/^(?=#{2,3} )/m).map((text) => [/^#+ (.*)$/m.exec(text)?.[1] ?? '', text] as const),
)
const alerts = readAlerts()

test.each(alerts)('$alert says how bad it is, what is wrong and where to read on', (rule) => {
  const { alert, labels, annotations } = rule
  expect(labels['severity']).toMatch(/^(critical|warning)$/)
  expect(annotations['summary']).toMatch(/\S/)
  expect(annotations['description']).toMatch(/\S.*\.$/)
  expect(annotations['runbook_url']).toBe(`docs/runbook.md#${alert.toLowerCase()}`)
})

test.each(alerts)(
  'the runbook says of $alert what it means, what to look at, what to do',
  (rule) => {
    const section = sections.get(rule.alert) ?? ''
    for (const word of ['Meaning', 'Look at', 'Do']) expect(section).toContain(`**${word}.**`)
  },
)

test('the runbook speaks of no alert that there is not', () => {
  const names = new Set(runbook.match(/\bClerkSync[A-Z]\w+/g))
  const known = new Set(alerts.map(({ alert }) => alert))
  expect([...names].filter((name) => !known.has(name))).toEqual([])
})
