import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { version } from '../release/version.ts'
import { kustomize, renderExample } from './manifest-sets.ts'
import { kubernetesDir, kubernetesFiles, ofKind, readManifests } from './manifest.ts'
import { workloadsOf } from './workloads.ts'

interface Kustomization {
  readonly resources?: readonly string[]
  readonly components?: readonly string[]
  readonly configMapGenerator?: readonly { readonly envs: readonly string[] }[]
  readonly patches?: readonly {
    readonly target: { readonly kind: string; readonly name?: string }
  }[]
}

const root = join(kubernetesDir, '../..')
const kustomizations = kubernetesFiles
  .filter((file) => basename(file) === 'kustomization.yaml')
  .map((file) => {
    const content = parse(readFileSync(join(kubernetesDir, file), 'utf8')) as Kustomization
    return { directory: dirname(file), ...content }
  })

function listedIn({ directory, ...content }: (typeof kustomizations)[number]): string[] {
  const { resources = [], components = [], configMapGenerator = [] } = content
  const listed = [...resources, ...components, ...configMapGenerator.flatMap(({ envs }) => envs)]
  return listed.map((path) => join(directory, path))
}

test('each manifest is listed in the kustomization beside it, and each that is listed exists', () => {
  const listed = kustomizations.flatMap(listedIn)
  const manifests = kubernetesFiles.filter((file) => basename(file) !== 'kustomization.yaml')
  expect(listed).toEqual(expect.arrayContaining(manifests))
  expect(listed.filter((path) => !existsSync(join(kubernetesDir, path)))).toEqual([])
})

test('each patch is for something that exists', () => {
  const names = readManifests().map(({ kind, metadata }) => `${kind} ${metadata.name}`)
  for (const { target } of kustomizations.flatMap(({ patches = [] }) => patches)) {
    const pattern = new RegExp(`^${target.kind} (${target.name ?? '.*'})$`)
    expect(names).toContainEqual(expect.stringMatching(pattern))
  }
})

test('the PrometheusRule is the alerts of deploy/prometheus', async () => {
  const alerts = readFileSync(join(kubernetesDir, '../prometheus/alerts.yml'), 'utf8')
  const head = `# Written from deploy/prometheus/alerts.yml: vitest run deploy/src/kubernetes -u
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: clerk-sync
spec:
`
  const file = join(kubernetesDir, 'components/prometheus-operator/prometheus-rule.yaml')
  const indented = alerts.replaceAll(/^(?=.)/gm, '  ')
  await expect(head + indented).toMatchFileSnapshot(relative(import.meta.dirname, file))
})

test('the ScaledObject asks Prometheus for metrics that there are', () => {
  const sources = globSync('{apps,packages}/*/src/*metrics.ts', { cwd: root })
  const metrics = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n')
  const [scaled] = ofKind<IScaledObject>(readManifests(), 'ScaledObject')
  const queries = scaled?.spec.triggers.map(({ metadata }) => metadata['query'] ?? '') ?? []
  const asked = queries.map((query) => query.match(/clerk_sync_\w+/g) ?? [])
  expect(asked.map((names) => names.length)).toEqual([2, 2])
  for (const name of asked.flat()) expect(metrics).toContain(`'${name}'`)
})

test.skipIf(!kustomize)('the example becomes what it says', () => {
  const manifests = renderExample(kustomize ?? [])
  const images = workloadsOf(manifests).map(({ container }) => container.image)
  expect(new Set(images)).toEqual(new Set([`registry.example.com/clerk-sync:${version}`]))
  const namespaced = manifests.filter(({ kind }) => kind !== 'Namespace')
  for (const one of namespaced) expect(one.metadata).toMatchObject({ namespace: 'clerk-sync' })
  const byName = ofKind<IDeployment>(manifests, 'Deployment').map(({ metadata, spec }) => [
    metadata.name,
    { replicas: spec?.replicas, annotations: spec?.template.metadata?.annotations },
  ])
  expect(Object.fromEntries(byName)).toEqual({
    'clerk-sync-console': { replicas: 1 },
    'clerk-sync-ingest': {},
    'clerk-sync-worker': {},
  })
})

test.skipIf(!kustomize)(
  'each ConfigMap and Secret that a pod names is there, with all keys',
  () => {
    const manifests = renderExample(kustomize ?? [])
    const there = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    for (const { container } of workloadsOf(manifests)) {
      const maps = container.envFrom?.map(({ configMapRef }) => `ConfigMap ${configMapRef?.name}`)
      const secrets = container.env?.map(
        ({ valueFrom }) => `Secret ${valueFrom?.secretKeyRef?.name}`,
      )
      expect(there).toEqual(expect.arrayContaining([...(maps ?? []), ...(secrets ?? [])]))
      expect(maps).not.toEqual([])
    }
  },
)
