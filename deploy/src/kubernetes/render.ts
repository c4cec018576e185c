import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubernetesDir, parseManifests } from './manifest.ts'
import type { Manifest } from './manifest.ts'

const example = 'overlays/example'

// A rendering asks no cluster; without a context kubectl can't either.
const env = { ...process.env, KUBECONFIG: devNull }

/** The command that renders a kustomization, or nothing where there is no Kustomize 5. */
export function findKustomize(): readonly string[] | undefined {
  if (/v5\./.test(outputOf(['kustomize', 'version']))) return ['kustomize', 'build']
  const kubectl = outputOf(['kubectl', 'version', '--client'])
  return /Kustomize Version: v5\./.test(kubectl) ? ['kubectl', 'kustomize'] : undefined
}

/** The manifests of the example overlay, with an empty secrets.env. */
export function renderExample(kustomize: readonly string[]): Manifest[] {
  const directory = mkdtempSync(join(tmpdir(), 'clerk-sync-kubernetes-'))
  try {
    cpSync(kubernetesDir, directory, { recursive: true })
    const secrets = join(directory, example, 'secrets.env')
    copyFileSync(join(kubernetesDir, example, 'secrets.env.example'), secrets)
    return parseManifests(run([...kustomize, join(directory, example)]))
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
