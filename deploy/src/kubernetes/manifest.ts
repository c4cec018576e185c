import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { parseAllDocuments } from 'yaml'

/** The directory with base, components and overlays. */
export const kubernetesDir = join(import.meta.dirname, '../../kubernetes')

export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
}

/** The files of base, components and the example; overlays of your own are yours. */
export const kubernetesFiles = globSync('{base,components,overlays/example}/**/*.yaml', {
  cwd: kubernetesDir,
})

/** Every manifest of all files but the kustomizations, as it is written. */
export function readManifests(): Manifest[] {
  return kubernetesFiles
    .filter((file) => basename(file) !== 'kustomization.yaml')
    .flatMap((file) => parseManifests(readFileSync(join(kubernetesDir, file), 'utf8')))
}

/** @throws when the text is no YAML, or names a key twice. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors
    if (error) throw error
    return document.toJS() as Manifest
  })
}

/** The manifests of a kind, as the type that its API gives them. */
export function ofKind<T extends { kind: string }>(
  manifests: readonly Manifest[],
  kind: T['kind'],
): (T & Manifest)[] {
  return manifests.filter((manifest): manifest is T & Manifest => manifest.kind === kind)
}
