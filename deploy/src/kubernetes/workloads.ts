import type { IDeployment } from 'kubernetes-models/apps/v1'
import type { IJob } from 'kubernetes-models/batch/v1'
import type { IContainer, IPodSpec } from 'kubernetes-models/v1'
import { ofKind } from './manifest.ts'
import type { Manifest } from './manifest.ts'

/** What runs pods: a Deployment or a Job, and the one container that its pods have. */
export interface Workload {
  readonly name: string
  readonly kind: string
  /** ingest, worker, console or migrate. */
  readonly component: string
  readonly labels: Readonly<Record<string, string>>
  readonly pod: IPodSpec
  readonly container: IContainer
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly {
    readonly key: string
    readonly operator: string
    readonly values?: readonly string[]
  }[]
}

/** @throws when a workload has another number of containers than one. */
export function workloadsOf(manifests: readonly Manifest[]): Workload[] {
  const running = [
    ...ofKind<IDeployment>(manifests, 'Deployment'),
    ...ofKind<IJob>(manifests, 'Job'),
  ]
  return running.map(({ kind, metadata: { name }, spec }) => {
    const pod = spec?.template.spec
    const [container, ...more] = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])]
    if (!pod || !container || more.length > 0) throw new Error(`${name} has not one container`)
    const labels = spec.template.metadata?.labels ?? {}
    return { name, kind, labels, component: componentIn(labels), pod, container }
  })
}

/** Whether a selector takes pods of these labels; one without conditions takes all. */
export function selects(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      if (operator !== 'In') throw new Error(`the operator ${operator} is not known here`)
      return values.includes(labels[key] ?? '')
    })
  )
}

function componentIn(labels: Readonly<Record<string, string>>): string {
  return labels['app.kubernetes.io/component'] ?? ''
}
