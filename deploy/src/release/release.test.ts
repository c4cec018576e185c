import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../npm/build.ts'
import { readNotes } from './notes.ts'
import { readVersions, version } from './version.ts'

test.each(Object.entries(readVersions()))('%s names the version of package.json', (_, named) => {
  expect(named).not.toEqual([])
  for (const one of named) expect(one).toBe(version)
})

test('clerk-sync --version of the workspace is that version', () => {
  const args = [join(root, 'apps/cli/src/main.ts'), '--version']
  expect(execFileSync(process.execPath, args, { encoding: 'utf8' })).toBe(`${version}\n`)
})

test('the tag of the version has its notes in the CHANGELOG', () => {
  expect(readNotes(`v${version}`)).toMatch(/^### (Changed|Fixed|Added)$/m)
})

test('any other tag is refused', () => {
  expect(() => readNotes('v99.0.0')).toThrow('the tag v99.0.0 is not that of the version')
  expect(() => readNotes(version)).toThrow('is not that of the version')
})
