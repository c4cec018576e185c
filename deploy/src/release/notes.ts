import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../npm/build.ts'
import { version } from './version.ts'

/**
 * What CHANGELOG.md says of the release that a tag, such as v0.1.0, is for.
 * @throws when the tag is not that of the version here, or CHANGELOG.md has nothing about it.
 */
export function readNotes(tag: string): string {
  if (tag !== `v${version}`) {
    throw new Error(`the tag ${tag} is not that of the version ${version} in package.json`)
  }
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
  const sections = changelog.split(/^## /m).slice(1)
  const notes = sections.find((section) => section.startsWith(`${version}\n`))
  if (!notes) throw new Error(`CHANGELOG.md has no section "## ${version}"`)
  return notes.slice(version.length).trim()
}

if (import.meta.main) process.stdout.write(`${readNotes(process.argv[2] ?? '')}\n`)
