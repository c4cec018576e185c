import { retry } from '@clerk-sync/ops'
import type { Scene } from './scene.ts'

const everyMs = 2_000

/** The most that was seen. */
export interface Peaks {
  /** Of one process, in MB, by role. */
  readonly megabytes: Record<string, number>
  readonly handles: Record<string, number>
  redisMegabytes: number
  /** Events that were published and not in the ledger yet. */
  readonly samples: Sample[]
}

/** A moment of a run. */
export interface Sample {
  readonly seconds: number
  readonly ingestMegabytes: number
  readonly ingestHandles: number
  readonly workerMegabytes: number
  readonly workerHandles: number
  readonly redisMegabytes: number
  readonly tableMegabytes: number
  readonly deadRows: number
  readonly liveRows: number
}

export interface Measuring {
  readonly peaks: Peaks
  /** Takes a sample now; 0 stands for what can't be read. */
  readonly sample: () => Promise<Sample>
  readonly stop: () => void
}

/** Looks at the processes every two seconds. The caller stops it. */
export function startMeasuring(scene: Scene): Measuring {
  const { apps, redis, postgres } = scene
  const startedAt = Date.now()
  const peaks: Peaks = { megabytes: {}, handles: {}, redisMegabytes: 0, samples: [] }
  const most = (all: Record<string, number>, role: string, value: number) =>
    (all[role] = Math.max(all[role] ?? 0, value))
  const readRedis = async () =>
    redis ? Math.round((await redis.usedBytes().catch(() => 0)) / 1024 ** 2) : 0

  const readTables = () =>
    postgres.query<{ bytes: string; dead: string; live: string }>(
      `SELECT sum(pg_total_relation_size(relid)) AS bytes, sum(n_dead_tup) AS dead,
         sum(n_live_tup) AS live
       FROM pg_stat_user_tables`,
    )

  async function look(): Promise<void> {
    for (const app of apps) {
      const { megabytes, handles } = app.memory()
      most(peaks.megabytes, app.role, megabytes)
      most(peaks.handles, app.role, handles)
    }
    peaks.redisMegabytes = Math.max(peaks.redisMegabytes, await readRedis())
  }
  const timer = setInterval(() => void look(), everyMs)

  return {
    peaks,
    async sample() {
      const ofRole = (role: string, what: 'megabytes' | 'handles') =>
        Math.max(...apps.filter((app) => app.role === role).map((app) => app.memory()[what]))
      const [tables] = await retry(readTables, { firstDelayMs: 1_000, maxAttempts: 5 }).catch(
        () => [],
      )
      const sample: Sample = {
        seconds: Math.round((Date.now() - startedAt) / 1_000),
        ingestMegabytes: ofRole('ingest', 'megabytes'),
        ingestHandles: ofRole('ingest', 'handles'),
        workerMegabytes: ofRole('worker', 'megabytes'),
        workerHandles: ofRole('worker', 'handles'),
        redisMegabytes: await readRedis(),
        tableMegabytes: Math.round(Number(tables?.bytes ?? 0) / 1024 ** 2),
        deadRows: Number(tables?.dead ?? 0),
        liveRows: Number(tables?.live ?? 0),
      }
      peaks.samples.push(sample)
      return sample
    },
    stop: () => clearInterval(timer),
  }
}
