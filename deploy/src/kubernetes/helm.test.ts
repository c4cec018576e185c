import { readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { parseEnv } from 'node:util'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IConfigMap } from 'kubernetes-models/v1'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import {
  chartDir,
  exampleValues,
  hasHelm,
  kustomize,
  renderChart,
  renderExample,
  run,
} from './manifest-sets.ts'
import { kubernetesDir, ofKind } from './manifest.ts'
import type { Manifest } from './manifest.ts'
import { schemaProblems } from './schema-problems.ts'
import { workloadsOf } from './workloads.ts'

const { image } = exampleValues
const readYaml = (file: string): unknown => parse(readFileSync(join(chartDir, file), 'utf8'))
const readEnv = (file: string) => parseEnv(readFileSync(join(kubernetesDir, file), 'utf8'))

test('the alerts of the chart are those of deploy/prometheus', async () => {
  const alerts = readFileSync(join(kubernetesDir, '../prometheus/alerts.yml'), 'utf8')
  const copy = relative(import.meta.dirname, join(chartDir, 'files/alerts.yml'))
  await expect(alerts).toMatchFileSnapshot(copy)
})

test('the settings of the chart are those of the base', () => {
  expect(readYaml('values.yaml')).toMatchObject({ settings: readEnv('base/settings.env') })
})

test('the schema refuses every secret as a setting', () => {
  const { properties } = readYaml('values.schema.json') as {
    properties: { settings: { propertyNames: { not: { enum: string[] } } } }
  }
  const secrets = Object.keys(readEnv('overlays/example/secrets.env.example'))
  const refused = properties.settings.propertyNames.not.enum
  expect(refused.toSorted()).toEqual([...secrets, 'DATABASE_URL'].toSorted())
})

describe.skipIf(!hasHelm)('Helm', () => {
  test('finds nothing to complain of in the chart', () => {
    const lint = ['helm', 'lint', '--strict', chartDir, '--values', '-']
    expect(run(lint, JSON.stringify(exampleValues))).toContain('0 chart(s) failed')
  })

  test.skipIf(!kustomize)('renders what Kustomize does', () => {
    const wanted = normalize(renderExample(kustomize ?? []))
    const { 'Namespace clerk-sync': _n, 'Secret clerk-sync': _s, ...shared } = wanted
    const rendered = normalize(renderChart(exampleValues))
    // A hook runs before anything else is there: the Job brings along what it needs.
    const {
      'ConfigMap clerk-sync-migrate': settings,
      'ServiceAccount clerk-sync-migrate': account,
      'Job clerk-sync-migrate': job,
      ...others
    } = rendered
    const { 'Job clerk-sync-migrate': wantedJob, ...wantedOthers } = shared
    expect(others).toEqual(wantedOthers)
    expect(JSON.parse(JSON.stringify(job).replaceAll(/clerk-sync-migrate/g, 'clerk-sync'))).toEqual(
      JSON.parse(JSON.stringify(wantedJob).replaceAll(/clerk-sync-migrate/g, 'clerk-sync')),
    )
    const named = { metadata: { name: 'clerk-sync-migrate' } }
    expect(settings).toEqual({ ...shared['ConfigMap clerk-sync'], ...named })
    expect(account).toEqual({ ...shared['ServiceAccount clerk-sync'], ...named })
  })

  test('runs the migrations before anything of the release is installed or upgraded', () => {
    const hooks = renderChart({ image }).filter(
      ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === 'pre-install,pre-upgrade',
    )
    const weighted = hooks.map(({ kind, metadata: { name, annotations } }) => [
      `${kind} ${name}`,
      Number(annotations?.['helm.sh/hook-weight'] ?? 0),
    ])
    expect(Object.fromEntries(weighted)).toEqual({
      'ConfigMap clerk-sync-migrate': -1,
      'ServiceAccount clerk-sync-migrate': -1,
      'Job clerk-sync-migrate': 0,
    })
  })

  test('renders the smallest release, without what a cluster may lack', () => {
    const off = { enabled: false }
    const manifests = renderChart({
      image: { ...image, tag: '', digest: `sha256:${'0'.repeat(64)}`, pullSecrets: ['login'] },
      ingest: { autoscaling: off, replicas: 3 },
      console: off,
      migrate: off,
      networkPolicies: off,
      podAnnotations: { team: 'identity' },
      tolerations: [{ operator: 'Exists' }],
    })
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).toSorted()).toEqual([
      'ConfigMap clerk-sync',
      'Deployment clerk-sync-ingest',
      'Deployment clerk-sync-worker',
      'PodDisruptionBudget clerk-sync-ingest',
      'PodDisruptionBudget clerk-sync-worker',
      'Service clerk-sync-ingest',
      'ServiceAccount clerk-sync',
    ])
    expect(manifests.flatMap(schemaProblems)).toEqual([])
    const [ingest, worker] = ofKind<IDeployment>(manifests, 'Deployment')
    expect([ingest?.spec?.replicas, worker?.spec?.replicas]).toEqual([3, 2])
    expect(worker?.spec?.template).toMatchObject({
      metadata: { annotations: { team: 'identity', 'prometheus.io/port': '9464' } },
      spec: { imagePullSecrets: [{ name: 'login' }], tolerations: [{ operator: 'Exists' }] },
    })
    expect(workloadsOf(manifests)[0]?.container.image).toMatch(/clerk-sync:[\d.]+@sha256:0{64}$/)
  })

  test('passes a number or a flag on as it is written', () => {
    const settings = { MAX_BODY_MEMORY_BYTES: 67_108_864, OTEL_TRACES_SAMPLER_ARG: 0.05 }
    const manifests = renderChart({ image, settings: { ...settings, AUDIT_VALUES: true } })
    const [rendered] = ofKind<IConfigMap>(manifests, 'ConfigMap')
    expect(rendered?.data).toMatchObject({
      MAX_BODY_MEMORY_BYTES: '67108864',
      OTEL_TRACES_SAMPLER_ARG: '0.05',
      AUDIT_VALUES: 'true',
    })
  })

  test('two releases in a namespace share neither names nor pods', () => {
    const [one, two] = ['users', 'orders'].map((release) => renderChart(exampleValues, release))
    const namesOf = (manifests: readonly Manifest[] = []) =>
      manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(namesOf(one).filter((name) => namesOf(two).includes(name))).toEqual([])
    const selectors = JSON.stringify(one).match(/"matchLabels":\{[^}]*name":"clerk-sync"[^}]*/g)
    expect(selectors?.length).toBeGreaterThan(10)
    for (const selector of selectors ?? []) expect(selector).toContain('instance":"users"')
  })

  test.each([
    ['no image', {}, 'set image.repository to where the image of clerk-sync is'],
    ['an Ingress for no host', { image, ingress: { enabled: true } }, 'set ingress.host to'],
    ['a secret in a setting', { image, settings: { REDIS_URL: 'redis://' } }, "'REDIS_URL'"],
    ['a misspelt value', { image, worker: { replica: 3 } }, "'replica' not allowed"],
    ['no end to the memory', { image, worker: { resources: { limits: null } } }, 'limits'],
  ])('refuses %s', (_, values, message) => {
    expect(() => renderChart(values)).toThrow(message)
  })
})

/** Manifests by kind and name, without what each of the two tools adds of its own. */
function normalize(manifests: readonly Manifest[]): Record<string, object> {
  return Object.fromEntries(
    manifests.map((manifest) => {
      const { kind, metadata, ...others } = strip(manifest) as Manifest
      const { annotations } = metadata
      const name = metadata.name.replace(/-[a-z0-9]{10}$/, '')
      const kept = { name, ...(kind === 'Ingress' && { annotations }) }
      return [`${kind} ${name}`, { kind, metadata: kept, ...others }]
    }),
  )
}

const ofTools = new Set(['app.kubernetes.io/instance', 'checksum/settings', 'imagePullPolicy'])

function strip(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => strip(item))
    return key === 'env' ? items.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1)) : items
  }
  if (typeof value === 'string') {
    // Kustomize puts a hash behind the name of a ConfigMap and of a Secret.
    return key === 'name' ? value.replace(/^(clerk-sync)-[a-z0-9]{10}$/, '$1') : value
  }
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([name]) => !ofTools.has(name))
  const stripped = fields.map(([name, field]) => [name, strip(field, name)] as const)
  // What is empty is not there.
  return Object.fromEntries(stripped.filter(([, field]) => JSON.stringify(field) !== '{}'))
}

const nameOf = (variable: unknown) => String((variable as { name: unknown }).name)
