import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { describe, expect, test } from 'vitest'
import { exporterSecrets, readAppVariables } from './app-variables.ts'
import { manifestSets } from './manifest-sets.ts'
import { kubernetesDir, ofKind } from './manifest.ts'
import { selects, workloadsOf } from './workloads.ts'
import type { Workload } from './workloads.ts'

const root = join(kubernetesDir, '../..')
const variables = readAppVariables()
const byDefault = Object.fromEntries(variables.map((one) => [one.name, one.byDefault]))
const readSettings = (file: string) =>
  parseEnv(readFileSync(join(kubernetesDir, file), 'utf8')) as Record<string, string>
const settings = {
  ...byDefault,
  ...readSettings('base/settings.env'),
}
const secrets = Object.keys(readSettings('overlays/example/secrets.env.example'))

/** The app of a workload: the commands of the Job are those of apps/cli. */
const appOf = ({ component }: Workload) => (component === 'migrate' ? 'cli' : component)
/** The console does what the commands do. */
const roleOf = ({ component }: Workload) => (component === 'console' ? 'cli' : component)
const readBy = (app: string) => variables.filter(({ readers }) => readers.includes(app))
const namesOf = (some: readonly { readonly name: string }[]) => some.map(({ name }) => name)

test('the settings are variables that some process reads, and no secrets', () => {
  for (const file of ['base/settings.env', 'overlays/example/settings.env']) {
    const names = Object.keys(readSettings(file))
    expect(namesOf(variables)).toEqual(expect.arrayContaining(names))
    expect(names.filter((name) => secrets.includes(name))).toEqual([])
  }
})

test('no secret has a value', () => {
  const values = Object.values(readSettings('overlays/example/secrets.env.example'))
  expect(values.filter(Boolean)).toEqual([])
})

describe.each(manifestSets)('the manifests %s', (_, manifests) => {
  const workloads = workloadsOf(manifests)

  test.each(workloads)('the image runs a program of this repository as $name', ({ container }) => {
    expect(existsSync(join(root, container.args?.[0] ?? 'nothing'))).toBe(true)
    expect(container.image).toBe(workloads[0]?.container.image)
  })

  test.each(workloads)(
    '$name gets the secrets that it reads, and all that it needs',
    (workload) => {
      const given = workload.container.env ?? []
      const known = readBy(appOf(workload))
      const ownOrExporters = [...namesOf(known), ...exporterSecrets]
      expect(ownOrExporters).toEqual(expect.arrayContaining(namesOf(given)))
      // ingest needs DATABASE_URL only where there is no Redis.
      const spared = workload.component === 'ingest' ? ['DATABASE_URL'] : []
      const needed = known.filter(({ name, required }) => required && !spared.includes(name))
      expect(namesOf(given)).toEqual(expect.arrayContaining([...namesOf(needed), 'REDIS_URL']))
    },
  )

  test.each(workloads)('the secrets of $name are keys of the one Secret', (workload) => {
    for (const { name, value, valueFrom } of workload.container.env ?? []) {
      expect(value).toBeUndefined()
      expect(valueFrom?.secretKeyRef?.name).toMatch(/^clerk-sync(-\w{10})?$/)
      // Each has its own role of PostgreSQL (packages/db/roles/roles.sql).
      const role = name === 'DATABASE_URL' ? `${roleOf(workload).toUpperCase()}_` : ''
      expect(valueFrom?.secretKeyRef?.key).toBe(`${role}${name}`)
      expect(secrets).toContain(`${role}${name}`)
    }
  })

  test('each key of the Secret is somebody’s', () => {
    const used = workloads.flatMap(({ container }) =>
      (container.env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.key ?? ''),
    )
    expect([...new Set(used)].toSorted()).toEqual(secrets.toSorted())
  })

  test('who has a database has the role that is made for it, and nobody else has one', () => {
    const given = workloads.filter(({ container }) =>
      namesOf(container.env ?? []).includes('DATABASE_URL'),
    )
    const roles = given.map((workload) => `clerk_sync_${roleOf(workload)}`)
    expect(roles.toSorted()).toEqual(['clerk_sync_cli', 'clerk_sync_migrate', 'clerk_sync_worker'])
    const made = readFileSync(join(root, 'packages/db/roles/roles.sql'), 'utf8')
    const example = readFileSync(
      join(kubernetesDir, 'overlays/example/secrets.env.example'),
      'utf8',
    )
    for (const role of roles) {
      expect(made).toContain(`'${role}'`)
      expect(example).toContain(role)
    }
  })

  test('containers listen where the settings say', () => {
    const ports = workloads.map(({ component, container }) => [
      component,
      Object.fromEntries(
        container.ports?.map(({ name, containerPort }) => [name, containerPort]) ?? [],
      ),
    ])
    const ops = Number(settings['OPS_PORT'])
    expect(Object.fromEntries(ports)).toEqual({
      ingest: { http: Number(settings['PORT']), ops },
      worker: { ops },
      console: { http: Number(settings['BOARD_PORT']), ops },
      migrate: {},
    })
  })

  test.each([
    ['DATABASE_URL', 5432],
    ['REDIS_URL', 6379],
    ['CLERK_SECRET_KEY', 443],
    ['OTEL_EXPORTER_OTLP_HEADERS', 4318],
  ])('who is given %s may reach port %i', (variable, port) => {
    const policies = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy')
    const opening = policies.filter(({ spec }) =>
      spec?.egress?.some(({ ports }) => ports?.some((open) => open.port === port)),
    )
    const given = workloads.filter(({ container }) =>
      namesOf(container.env ?? []).includes(variable),
    )
    for (const { component, labels } of given) {
      // The Job is told of Redis so that it leaves it alone.
      if (component === 'migrate' && variable === 'REDIS_URL') continue
      const open = opening.some(({ spec }) => selects(spec?.podSelector ?? {}, labels))
      expect({ component, open }).toEqual({ component, open: true })
    }
  })

  test.each(workloads)('$name may take as long to stop as it needs', ({ kind, pod, container }) => {
    const waitSeconds = container.lifecycle?.preStop?.sleep?.seconds ?? 0
    const stopSeconds = Number(settings['SHUTDOWN_TIMEOUT_MS']) / 1000
    const graceSeconds = pod.terminationGracePeriodSeconds ?? 30
    expect(graceSeconds).toBeGreaterThan(kind === 'Job' ? 0 : waitSeconds + stopSeconds)
  })
})
