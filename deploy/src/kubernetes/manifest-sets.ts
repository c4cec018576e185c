import { readManifests } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { findKustomize, renderExample } from './render.ts'

export const kustomize = findKustomize()

/** What the tests look at: the files, and what the example makes of them where there is a Kustomize. */
export const manifestSets: readonly (readonly [name: string, manifests: readonly Manifest[]])[] = [
  ['as written', readManifests()],
  ...(kustomize ? [['as rendered', renderExample(kustomize)] as const] : []),
]
