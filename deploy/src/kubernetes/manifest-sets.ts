import { execFileSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { devNull, tmpdir } from 'node:os'
import { join } from 'node:path'
import { version } from '../release/version.ts'
import { kubernetesDir, parseManifests, readManifests } from './manifest.ts'
import type { Manifest } from './manifest.ts'

const example = 'overlays/example'

// Rendering needs no cluster. Without a context kubectl can't reach one.
const env = { ...process.env, KUBECONFIG: devNull }

export const kustomize = findKustomize()
export const hasHelm = /^v[34]\./.test(outputOf(['helm', 'version', '--short']))

/** The directory of the Helm chart. */
export const chartDir = join(kubernetesDir, '../helm/clerk-sync')

/** The values with which the chart becomes what the example overlay does. */
export const exampleValues = {
  image: { repository: 'registry.example.com/clerk-sync', tag: version },
  settings: { CLERK_INSTANCE_ID: '', DELETION_POLICY: 'erase', RECONCILE_CRON: '17 3 * * *' },
  ingress: { enabled: true, host: 'clerk.example.com' },
  keda: { enabled: true },
  prometheus: { podMonitor: { enabled: true }, rules: { enabled: true } },
  networkPolicies: {
    postgres: { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
    redis: { to: [{ ipBlock: { cidr: '10.0.0.0/8' } }] },
  },
}

/**
 * What the tests read: the files, the example as Kustomize 5 renders it, and the chart as Helm does, where
 * these are installed.
 */
export const manifestSets: readonly (readonly [name: string, manifests: readonly Manifest[]])[] = [
  ['as written', readManifests()],
  ...(kustomize ? [['as Kustomize renders them', renderExample(kustomize)] as const] : []),
  ...(hasHelm ? [['as Helm renders them', renderChart(exampleValues)] as const] : []),
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

/**
 * The manifests of the chart with these values.
 * @throws with Helm's own message when it refuses them
 */
export function renderChart(values: object, release = 'clerk-sync'): Manifest[] {
  const command = ['helm', 'template', release, chartDir, '--values', '-']
  return parseManifests(run(command, JSON.stringify(values)))
}

function outputOf(command: readonly string[]): string {
  try {
    return run(command)
  } catch {
    return ''
  }
}

export function run([program = '', ...args]: readonly string[], input = ''): string {
  return execFileSync(program, args, { env, input, encoding: 'utf8', stdio: 'pipe' })
}
