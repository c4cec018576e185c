import { execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { buildPackage, readManifest, readNpmPackages, root } from './build.ts'
import type { Manifest, NpmPackage } from './build.ts'

// Where each dependency has its version: the packages that are built into the two.
const workspace = [...globSync('{apps,packages}/*', { cwd: root })].map(readManifest)

/**
 * Builds packages, both unless told otherwise, and writes their tarballs to a directory. Returns the
 * paths of the tarballs.
 */
export async function packAll(
  directory: string,
  npmPackages: readonly NpmPackage[] = readNpmPackages(),
): Promise<string[]> {
  mkdirSync(directory, { recursive: true })
  const tarballs: string[] = []
  for (const npmPackage of npmPackages) tarballs.push(await pack(npmPackage, directory))
  return tarballs
}

async function pack(npmPackage: NpmPackage, directory: string): Promise<string> {
  const staging = mkdtempSync(join(tmpdir(), 'clerk-sync-pack-'))
  try {
    // Not through the `dist` of the repository, which somebody else may be building now.
    const imported = await buildPackage(npmPackage, join(staging, 'dist'))
    const copy = (from: string, to: string) =>
      cpSync(join(root, from), join(staging, to), { recursive: true })
    copy('LICENSE', 'LICENSE')
    copy(npmPackage.readme, 'README.md')
    for (const [to, from] of Object.entries(npmPackage.assets)) copy(from, to)
    const manifest = buildManifest(npmPackage, imported)
    writeFileSync(join(staging, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
    // npm's own notices go to stderr; the last line of stdout is the name of the file.
    const output = execFileSync('npm', ['pack', '--pack-destination', resolve(directory)], {
      cwd: staging,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32',
    })
    return resolve(directory, output.trim().split('\n').at(-1) ?? '')
  } finally {
    rmSync(staging, { recursive: true })
  }
}

function buildManifest(npmPackage: NpmPackage, imported: readonly string[]): object {
  const {
    description,
    keywords,
    peerDependencies = {},
    ...source
  } = readManifest(npmPackage.directory)
  const isPeer = (name: string) => name in peerDependencies
  return {
    name: npmPackage.name,
    version: readManifest('.').version,
    description,
    keywords,
    license: 'MIT',
    ...repositoryOf(npmPackage),
    type: 'module',
    // `reusePort` of net.Server, which several processes of ingest need, and URL.parse.
    engines: { node: '>=22.12' },
    bin: prefix(npmPackage.bin, './dist/'),
    ...(npmPackage.isLibrary && { exports: exportsOf(source), sideEffects: false }),
    files: ['dist', ...Object.keys(npmPackage.assets)],
    dependencies: versionsOf(
      [...imported, ...npmPackage.served].filter((name) => !isPeer(name)),
      // An application shares what it has, too; the services run what they were tested with.
      npmPackage.isLibrary ? '^' : '',
    ),
    optionalDependencies: versionsOf(npmPackage.optional, ''),
    ...(npmPackage.isLibrary && {
      peerDependencies,
      peerDependenciesMeta: source['peerDependenciesMeta'],
    }),
  }
}

/** The repository that a workflow of GitHub runs in: npm takes a provenance of no other. */
function repositoryOf({ directory }: NpmPackage): object {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = process.env
  if (!server || !name) return {}
  return { repository: { type: 'git', url: `git+${server}/${name}.git`, directory } }
}

function exportsOf({ exports = {} }: Manifest): object {
  return {
    ...Object.fromEntries(
      Object.entries(exports).map(([subpath, source]) => {
        const file = source.replace('./src/', './dist/').replace(/\.ts$/, '')
        return [subpath, { types: `${file}.d.ts`, default: `${file}.js` }]
      }),
    ),
    './package.json': './package.json',
  }
}

const prefix = (files: Readonly<Record<string, string>>, path: string) =>
  Object.fromEntries(Object.entries(files).map(([name, file]) => [name, `${path}${file}`]))

/** @throws when two packages of the workspace have different versions, or none has one. */
function versionsOf(names: readonly string[], range: '^' | ''): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const versions = new Set(workspace.flatMap(({ dependencies }) => dependencies?.[name] ?? []))
      const [version] = versions
      if (version === undefined || versions.size > 1) {
        throw new Error(`${name} is imported, but has ${versions.size} versions in the workspace`)
      }
      return [name, `${range}${version}`]
    }),
  )
}

if (import.meta.main) {
  for (const tarball of await packAll(process.argv[2] ?? '.')) process.stdout.write(`${tarball}\n`)
}
