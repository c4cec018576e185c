import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const skipped = new Set(['node_modules', '.git', 'dist', '.turbo', '.data'])

function* pagesIn(dir: string): Generator<string> {
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (skipped.has(entry.name)) continue
    const path = join(dir, entry.name)
    if (entry.isDirectory()) yield* pagesIn(path)
    else if (entry.name.endsWith('.md')) yield path
  }
}

const withoutCode = (text: string) => text.replaceAll(/^ *```.*?^ *```/gms, '')

/** The anchors that GitHub gives to the headings of a page. */
function anchorsOf(path: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of withoutCode(readFileSync(path, 'utf8')).matchAll(/^#+ (.+)$/gm)) {
    const plain = heading.replaceAll(/\[([^\]]+)\]\([^)]+\)/g, '$1').toLowerCase()
    const slug = plain.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-')
    let anchor = slug
    for (let copy = 1; anchors.has(anchor); copy++) anchor = `${slug}-${copy}`
    anchors.add(anchor)
  }
  return anchors
}

/** What is wrong with the links of a page to files and headings of this repository. */
function brokenLinks(path: string): string[] {
  const text = withoutCode(readFileSync(path, 'utf8')).replaceAll(/`[^`\n]+`/g, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [file = '', anchor] = target.split('#')
    const linked = file === '' ? path : join(dirname(path), file)
    if (!existsSync(linked)) return true
    return anchor !== undefined && !(statSync(linked).isFile() && anchorsOf(linked).has(anchor))
  })
}

const pages = [...pagesIn(root)].map((path) => relative(root, path))

test.each(pages)('every link of %s leads to a file and a heading that are there', (page) => {
  expect(brokenLinks(join(root, page))).toEqual([])
})

test('docs/README.md leads to every page in docs', () => {
  const index = readFileSync(join(root, 'docs/README.md'), 'utf8')
  const listed = [...index.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, file = '']) => file)
  const kept = readdirSync(join(root, 'docs')).filter((name) => /^[a-z].*\.md$/.test(name))
  expect([...new Set(listed)].toSorted()).toEqual(kept.toSorted())
})
