import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1'
import {
  PodMonitor,
  PrometheusRule,
} from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { Deployment } from 'kubernetes-models/apps/v1'
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2'
import { Job } from 'kubernetes-models/batch/v1'
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1'
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1'
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1'
import type { Manifest } from './manifest.ts'

interface Model {
  readonly apiVersion: string
  readonly kind: string
  readonly prototype: { validate: () => void }
}

const models: readonly Model[] = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Ingress,
  Job,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  PodMonitor,
  PrometheusRule,
  ScaledObject,
  Secret,
  Service,
  ServiceAccount,
]

/** What the API would refuse in a manifest, and the fields that it would drop without a word. */
export function schemaProblems(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest
  const model = models.find((one) => one.apiVersion === apiVersion && one.kind === kind)
  if (!model) return [`${apiVersion} ${kind} is no kind that is known here`]
  const known = new Set<string>()
  const refused: string[] = []
  try {
    Reflect.apply(model.prototype.validate, watch(manifest, '', known), [])
  } catch (error) {
    refused.push(String(error))
  }
  const unknown = pathsIn(manifest, '').filter((path) => !known.has(path))
  return [...refused, ...unknown.map((path) => `${path} is unknown`)]
}

// These validators pass over what their schema does not name: what they never read is unknown.
function watch(value: unknown, path: string, read: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  return new Proxy(value, {
    get(target, key) {
      const field: unknown = Reflect.get(target, key)
      if (typeof key === 'symbol') return field
      read.add(`${path}/${key}`)
      return watch(field, `${path}/${key}`, read)
    },
  })
}

function pathsIn(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, field]) => [
    `${path}/${key}`,
    ...pathsIn(field, `${path}/${key}`),
  ])
}
