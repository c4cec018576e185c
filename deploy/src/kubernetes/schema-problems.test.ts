import { describe, expect, test } from 'vitest'
import { manifestSets } from './manifest-sets.ts'
import { schemaProblems } from './schema-problems.ts'

const budget = {
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'some', labels: { any: 'label' } },
  spec: { maxUnavailable: 1, selector: { matchLabels: { any: 'label' } } },
}

test('a right manifest has no problem', () => {
  expect(schemaProblems(budget)).toEqual([])
})

test('a misspelt field is a problem at any depth', () => {
  const selector = { matchLabel: { any: 'label' } }
  const misspelt = { ...budget, spec: { ...budget.spec, selector }, stauts: {} }
  expect(schemaProblems(misspelt)).toEqual([
    '/spec/selector/matchLabel is unknown',
    '/spec/selector/matchLabel/any is unknown',
    '/stauts is unknown',
  ])
})

test('a value of the wrong type is a problem', () => {
  const wrong = { ...budget, spec: { ...budget.spec, maxUnavailable: true } }
  expect(schemaProblems(wrong)).toContainEqual(
    expect.stringContaining('/spec/maxUnavailable must be'),
  )
})

test('a kind of another version of the API is a problem', () => {
  expect(schemaProblems({ ...budget, apiVersion: 'policy/v1beta1' })).toEqual([
    'policy/v1beta1 PodDisruptionBudget is no kind that is known here',
  ])
})

describe.each(manifestSets)('the manifests %s', (_, manifests) => {
  const named = manifests.map((one) => [`${one.kind} ${one.metadata.name}`, one] as const)

  test.each(named)('%s is what its API takes', (_name, manifest) => {
    expect(schemaProblems(manifest)).toEqual([])
  })
})
