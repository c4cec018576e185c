import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { registerReadGauge } from './read-gauge.ts'
import type { Sample } from './read-gauge.ts'

function createGauge(labelNames: string[] = []) {
  const registry = new Registry()
  const shown: { samples: Sample[] } = { samples: [] }
  registerReadGauge(registry, {
    name: 'g',
    help: 'A gauge.',
    labelNames,
    read: () => shown.samples,
  })
  const lines = async () =>
    (await registry.metrics()).split('\n').filter((line) => line.startsWith('g'))
  return { shown, lines }
}

test('a gauge is absent before there is something to read, and again after', async () => {
  const { shown, lines } = createGauge()
  expect(await lines()).toEqual([])
  shown.samples = [{ value: 0 }]
  expect(await lines()).toEqual(['g 0'])
  shown.samples = []
  expect(await lines()).toEqual([])
})

test('a label that is no longer read goes', async () => {
  const { shown, lines } = createGauge(['state'])
  shown.samples = ['a', 'b'].map((state) => ({ labels: { state }, value: 1 }))
  expect(await lines()).toEqual(['g{state="a"} 1', 'g{state="b"} 1'])
  shown.samples = [{ labels: { state: 'b' }, value: 2 }]
  expect(await lines()).toEqual(['g{state="b"} 2'])
})
