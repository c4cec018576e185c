import type { AppProcess, Role } from '../app-process.ts'
import type { Random } from '../random.ts'
import type { Scene } from '../scene.ts'
import { aMoment } from './fault.ts'
import type { Fault } from './fault.ts'
import { holdTable } from './postgres-faults.ts'

// A job of a stopped worker is another's after 30 s and a check every 15 s.
const longerThanLockMs = 50_000
const mostClockSeconds = 100

const one = ({ apps }: Scene, random: Random, role?: Role): AppProcess =>
  random.pick(apps.filter((app) => role === undefined || app.role === role))

export const processFaults: readonly Fault[] = [
  {
    kind: 'ingest killed',
    play: (scene, random) => one(scene, random, 'ingest').restart('SIGKILL'),
  },
  {
    kind: 'worker killed',
    play: (scene, random) => one(scene, random, 'worker').restart('SIGKILL'),
  },
  {
    kind: 'every process killed at once',
    async play({ apps }) {
      await Promise.all(apps.map((app) => app.restart('SIGKILL')))
    },
  },
  {
    kind: 'rolling restart',
    async play({ apps }, random) {
      for (const app of random.shuffle(apps)) {
        await app.restart('SIGTERM')
        await app.untilReady().catch(() => undefined)
      }
    },
  },
  {
    kind: 'process stopped and continued',
    async play(scene, random, wait) {
      const app = one(scene, random)
      app.signal('SIGSTOP')
      await wait(aMoment(random))
      app.signal('SIGCONT')
    },
  },
  {
    kind: 'worker stopped longer than its lock',
    async play(scene, random, wait) {
      const worker = one(scene, random, 'worker')
      // So that it has jobs and a transaction when it stops.
      const release = await holdTable(scene, 'users')
      await wait(1_000)
      worker.signal('SIGSTOP')
      await release()
      await wait(longerThanLockMs)
      worker.signal('SIGCONT')
    },
  },
  {
    kind: 'wrong clock',
    impossible: ({ faketime }) => (faketime ? undefined : "libfaketime can't be had"),
    async play(scene, random, wait) {
      const app = one(scene, random)
      const seconds = random.between(1, mostClockSeconds) * random.pick([-1, 1])
      await app.restart('SIGTERM', scene.faketime?.(seconds))
      await wait(10_000)
      await app.restart('SIGTERM')
    },
  },
]
