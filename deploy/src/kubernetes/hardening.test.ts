import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { INamespace, IServiceAccount } from 'kubernetes-models/v1'
import { describe, expect, test } from 'vitest'
import { manifestSets } from './manifest-sets.ts'
import { kubernetesDir, ofKind } from './manifest.ts'
import { workloadsOf } from './workloads.ts'

describe.each(manifestSets)('the manifests %s', (_, manifests) => {
  const workloads = workloadsOf(manifests)
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment')

  test.each(workloads)('$name keeps to the restricted Pod Security Standard', (workload) => {
    const { pod, container } = workload
    expect(pod.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 10001,
      runAsGroup: 10001,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect([pod.hostNetwork, pod.hostPID, pod.hostIPC]).toEqual([undefined, undefined, undefined])
    expect(container.ports?.some(({ hostPort }) => hostPort)).not.toBe(true)
  })

  test.each(workloads)('$name runs as the user of the image', ({ pod }) => {
    const dockerfile = readFileSync(join(kubernetesDir, '../../Dockerfile'), 'utf8')
    const { runAsUser, runAsGroup } = pod.securityContext ?? {}
    expect(dockerfile).toContain(`\nUSER ${runAsUser}:${runAsGroup}\n`)
  })

  test.each(workloads)(
    '$name writes to a small directory in the pod alone',
    ({ pod, container }) => {
      expect(container.volumeMounts).toEqual([{ name: 'tmp', mountPath: '/tmp' }])
      expect(pod.volumes).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: '64Mi' } }])
    },
  )

  test.each(workloads)('$name has no rights in the cluster', ({ pod }) => {
    const accounts = ofKind<IServiceAccount>(manifests, 'ServiceAccount')
    const account = accounts.find(({ metadata }) => metadata.name === pod.serviceAccountName)
    expect([account?.automountServiceAccountToken, pod.automountServiceAccountToken]).toEqual([
      false,
      false,
    ])
  })

  test.each(workloads)(
    '$name asks for what it uses, and its memory has an end',
    ({ container }) => {
      expect(container.resources).toEqual({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      })
    },
  )

  test.each(deployments)('$name is restarted by /livez and sent to by /readyz', ({ container }) => {
    const on = (path: string) => ({ httpGet: { path, port: 'ops' } })
    expect(container.startupProbe).toMatchObject(on('/livez'))
    expect(container.livenessProbe).toMatchObject(on('/livez'))
    // Each check of /readyz may take 3 s.
    expect(container.readinessProbe).toMatchObject({ ...on('/readyz'), timeoutSeconds: 5 })
  })

  const [namespace] = ofKind<INamespace>(manifests, 'Namespace')

  // Helm makes the namespace itself, or leaves that to its user.
  test.runIf(namespace)('the namespace refuses anything less', () => {
    expect(namespace?.metadata.labels).toEqual({
      'pod-security.kubernetes.io/enforce': 'restricted',
    })
  })
})
