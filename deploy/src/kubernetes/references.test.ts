import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1'
import type { IPodMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IHorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import type { IIngress, INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import type { IPodDisruptionBudget } from 'kubernetes-models/policy/v1'
import type { IService } from 'kubernetes-models/v1'
import { describe, expect, test } from 'vitest'
import { manifestSets } from './manifest-sets.ts'
import { ofKind } from './manifest.ts'
import { selects, workloadsOf } from './workloads.ts'
import type { Selector } from './workloads.ts'

describe.each(manifestSets)('the manifests %s', (_, manifests) => {
  const workloads = workloadsOf(manifests)
  const deployments = ofKind<IDeployment>(manifests, 'Deployment')
  const selectedBy = (selector: Selector = {}) =>
    workloads.filter(({ labels }) => selects(selector, labels))
  const portsOf = (some: typeof workloads) => some.flatMap(({ container }) => container.ports ?? [])

  test('each process has its Deployment, and there is one Job', () => {
    const found = workloads.map(({ kind, component }) => `${kind} ${component}`)
    expect(found.toSorted()).toEqual([
      'Deployment console',
      'Deployment ingest',
      'Deployment worker',
      'Job migrate',
    ])
  })

  test('names are there once', () => {
    const names = manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(names).toEqual([...new Set(names)])
  })

  test('a Deployment and a PodDisruptionBudget select the pods of one Deployment', () => {
    for (const { spec, metadata } of [
      ...deployments,
      ...ofKind<IPodDisruptionBudget>(manifests, 'PodDisruptionBudget'),
    ]) {
      expect(selectedBy(spec?.selector).map(({ name }) => name)).toEqual([metadata.name])
    }
  })

  test('pods are spread among those of their own Deployment', () => {
    for (const { name, pod } of workloads) {
      for (const { labelSelector } of pod.topologySpreadConstraints ?? []) {
        expect(selectedBy(labelSelector).map((selected) => selected.name)).toEqual([name])
      }
    }
  })

  test('a Service leads to a named port of the pods that it selects', () => {
    for (const { spec, metadata } of ofKind<IService>(manifests, 'Service')) {
      const selected = selectedBy({ matchLabels: spec?.selector ?? {} })
      expect(selected.map(({ name }) => name)).toEqual([metadata.name])
      const targets = spec?.ports?.map(({ targetPort }) => targetPort) ?? []
      expect(portsOf(selected).map(({ name }) => name)).toEqual(expect.arrayContaining(targets))
    }
  })

  test('the Ingress leads to the webhook of ingest, and nowhere else', () => {
    const ways = ofKind<IIngress>(manifests, 'Ingress').flatMap(({ spec }) => spec?.rules ?? [])
    const paths = ways.flatMap(({ http }) => http?.paths ?? [])
    const service = { name: 'clerk-sync-ingest', port: { name: 'http' } }
    expect(paths).toEqual([
      { path: '/api/webhooks/clerk', pathType: 'Exact', backend: { service } },
    ])
    const services = ofKind<IService>(manifests, 'Service')
    const ingest = services.find(({ metadata }) => metadata.name === service.name)
    expect(ingest?.spec?.ports?.map(({ name }) => name)).toEqual([service.port.name])
  })

  test('what scales a Deployment names one, and nothing else sets its number of pods', () => {
    const scalers = [
      ...ofKind<IHorizontalPodAutoscaler>(manifests, 'HorizontalPodAutoscaler'),
      ...ofKind<IScaledObject>(manifests, 'ScaledObject'),
    ]
    const scaled = scalers.map(({ spec }) => spec?.scaleTargetRef.name)
    expect(scaled).toEqual(['clerk-sync-ingest', 'clerk-sync-worker'])
    expect(deployments.map(({ metadata }) => metadata.name)).toEqual(expect.arrayContaining(scaled))
  })

  test('each policy is about some pod, and opens ports that its pods have', () => {
    for (const { spec } of ofKind<INetworkPolicy>(manifests, 'NetworkPolicy')) {
      const selected = selectedBy(spec?.podSelector)
      expect(selected).not.toEqual([])
      const open = spec?.ingress?.flatMap(({ ports }) => ports?.map(({ port }) => port)) ?? []
      const offered = portsOf(selected).map(({ containerPort }) => containerPort)
      expect(offered).toEqual(expect.arrayContaining(open))
    }
  })

  test('each port of a container is open to somebody', () => {
    const policies = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy')
    for (const { labels, container } of workloads) {
      const open = policies
        .filter(({ spec }) => selects(spec?.podSelector ?? {}, labels))
        .flatMap(({ spec }) => spec?.ingress?.flatMap(({ ports }) => ports ?? []) ?? [])
      const wanted = container.ports?.map(({ containerPort }) => containerPort) ?? []
      expect(open.map(({ port }) => port)).toEqual(expect.arrayContaining(wanted))
    }
  })

  test('everything is denied to and from each pod unless a policy allows it', () => {
    const [all] = ofKind<INetworkPolicy>(manifests, 'NetworkPolicy').filter(
      ({ spec }) => !spec?.ingress && !spec?.egress,
    )
    expect(all?.spec?.policyTypes).toEqual(['Ingress', 'Egress'])
    expect(selectedBy(all?.spec?.podSelector)).toEqual(workloads)
  })

  test('the PodMonitor scrapes each Deployment by a label and a port that its pods have', () => {
    const [monitor] = ofKind<IPodMonitor>(manifests, 'PodMonitor')
    const ports = monitor?.spec.podMetricsEndpoints?.map(({ port }) => port)
    for (const { labels, container } of workloads.filter(({ kind }) => kind === 'Deployment')) {
      expect(selects(monitor?.spec.selector ?? {}, labels)).toBe(true)
      expect(labels[monitor?.spec.jobLabel ?? '']).toMatch(/^(ingest|worker|console)$/)
      expect(container.ports?.map(({ name }) => name)).toEqual(expect.arrayContaining(ports ?? []))
    }
  })
})
