import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubernetesDir, parseManifests, readManifests } from './manifest.ts'
import type { Manifest } from './manifest.ts'

const example = 'overlays/example'

// Rendering needs no cluster. Without a context kubectl can't reach one.
const env = { ...process.env, KUBECONFIG: devNull }

export const kustomize = findKustomize()

/** What the tests read: the files, and the rendered example where Kustomize 5 is installed. */
export const manifestSets: readonly (readonly [name: string, manifests: readonly Manifest[]])[] = [
  ['as written', readManifests()],
  ...(kustomize ? [['as rendered', renderExample(kustomize)] as const] : []),
]

/** The command that renders a kustomization; undefined without Kustomize 5. */
function findKustomize(): readonly string[] | undefined {
  if (/v5\./.test(outputOf(['kustomize', 'version']))) return ['kustomize', 'build']
  const kubectl = outputOf(['kubectl', 'version', '--client'])
  return /Kustomize Version: v5\./.test(kubectl) ? ['kubectl', 'kustomize'] : undefined
}

/** The manifests of the example overlay, with an empty secrets.env. */
export function renderExample(command: readonly string[]): Manifest[] {
  const directory = mkdtempSync(join(tmpdir(), 'clerk-sync-kubernetes-'))
  try {
    cpSync(kubernetesDir, directory, { recursive: true })
    const secrets = join(directory, example, 'secrets.env')
    copyFileSync(join(kubernetesDir, example, 'secrets.env.example'), secrets)
    return parseManifests(run([...command, join(directory, example)]))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function outputOf(command: readonly string[]): string {
  try {
    return run(command)
  } catch {
    return ''
  }
}

function run([program = '', ...args]: readonly string[]): string {
  return execFileSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
