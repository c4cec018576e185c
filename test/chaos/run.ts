import { setTimeout as sleep } from 'node:timers/promises'
import { checkEnd } from './check.ts'
import type { Findings } from './check.ts'
import { injectFaults } from './faults/inject.ts'
import type { Injection } from './faults/inject.ts'
import { startMeasuring } from './measure.ts'
import type { Peaks } from './measure.ts'
import { openScene } from './scene.ts'
import type { Backend, RedisLoss, Scene } from './scene.ts'
import type { SvixCounts } from './svix.ts'

export interface RunOptions {
  readonly backend: Backend
  readonly seed: number
  readonly minutes: number
  /** Events per second. */
  readonly rate: number
  /** False: the same scene without faults. */
  readonly hasFaults: boolean
  /** Ends the history early; what was sent is still checked. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
}

/** What one run has shown. */
export interface RunResult {
  readonly backend: Backend
  readonly seed: number
  readonly seconds: number
  readonly findings: Findings
  readonly svix: SvixCounts
  readonly injection: Injection | undefined
  readonly peaks: Peaks
  readonly redisLosses: number
  /** Those for which a process ran that had seen the queue before: nobody else can notice one. */
  readonly lossesSeen: number
  /** Processes that named a loss of Redis, summed over the losses. */
  readonly lossesNamed: number
  readonly crashes: readonly string[]
  readonly messages: ReadonlyMap<string, number>
}

/** Runs a history, with faults or without, and checks what it has become of. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { backend, seed, hasFaults, signal, say } = options
  say(`starting 2 ingests and 3 workers with the queue on ${backend}, seed ${seed}`)
  const scene = await openScene({ backend, seed, hasFaults })
  try {
    const startedAt = Date.now()
    const seconds = () => (Date.now() - startedAt) / 1_000
    const measuring = startMeasuring(scene)
    const tell = (line: string) => say(`${seconds().toFixed(0).padStart(5)} s  ${line}`)
    const ending = AbortSignal.any([signal, AbortSignal.timeout(options.minutes * 60_000)])
    const sample = async () => {
      const { seconds: _, ...values } = await measuring.sample()
      if (!hasFaults) tell(JSON.stringify(values))
    }
    await sample()
    const sampling = setInterval(() => void sample(), (options.minutes * 60_000) / samplesInRun)
    const [injection] = await Promise.all([
      hasFaults ? injectFaults(scene, { seed, signal: ending, onFault: tell }) : undefined,
      publish(scene, options.rate, ending),
    ])
    clearInterval(sampling)
    await healAll(scene)
    const findings = await checkEnd(scene, tell)
    await sample()
    measuring.stop()
    return {
      backend,
      seed,
      seconds: Math.round(seconds()),
      findings,
      svix: scene.svix.counts,
      injection,
      peaks: measuring.peaks,
      redisLosses: scene.redisLosses.length,
      lossesSeen: scene.redisLosses.filter(isSeen).length,
      lossesNamed: lossesNamed(scene),
      crashes: scene.log.crashes,
      messages: scene.log.messages,
    }
  } finally {
    await scene.close()
  }
}

const samplesInRun = 4
const tickMs = 20
// Their retries would come on top of an outage that has ended, many times as fast as from Svix.
const mostUnacknowledged = 1_500

/** Lets Clerk's history go on, so many events a second. */
async function publish({ history, svix }: Scene, rate: number, signal: AbortSignal): Promise<void> {
  let due = 0
  let before = Date.now()
  while (!signal.aborted) {
    const now = Date.now()
    if (svix.counts.published - svix.acknowledged.size < mostUnacknowledged) {
      due += ((now - before) / 1_000) * rate
    }
    before = now
    while (svix.counts.published < due) for (const event of history.go()) svix.publish(event)
    await sleep(tickMs, undefined, { signal }).catch(() => undefined)
  }
}

async function healAll({ apps, postgres, redis }: Scene): Promise<void> {
  await postgres.ensureRunning()
  await redis?.run('CONFIG', 'SET', 'maxmemory', '0')
  for (const app of apps) app.signal('SIGCONT')
  await Promise.all(apps.flatMap(({ links }) => links.map((link) => link.heal())))
}

// A process looks at every new connection, and every 10 s.
const noticedAfterMs = 30_000

function isSeen({ at, askedAt, witnesses }: RedisLoss): boolean {
  return witnesses.some(
    ({ starts }) => !starts.some((start) => start > askedAt && start < at + noticedAfterMs),
  )
}

function lossesNamed({ log }: Scene): number {
  return [...log.messages]
    .filter(([message]) => message.includes('the queue lost its jobs'))
    .reduce((sum, [, count]) => sum + count, 0)
}
