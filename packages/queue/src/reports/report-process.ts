import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { readVersion, waitAtMost } from '@clerk-sync/ops'
import { runCheck } from '@clerk-sync/ops/process'
import type { Check, Metrics, Ops } from '@clerk-sync/ops/process'
import type { Registry } from 'prom-client'
import type { OpenQueue } from '../open-queue.ts'
import { readQueueDepth, watchOldestWaiting } from '../queue-depth.ts'
import { addCounts, countMetrics, countsSince, readSeriesMetrics } from './figures.ts'
import type { Counts } from './figures.ts'
import { reportStoreOf } from './report-store.ts'
import type { ReportStore } from './report-store.ts'

const usualPeriodMs = 10_000
// The first connections take a moment.
const firstRetryMs = 500
const startMs = 15_000
// A short outage is told by the log of the queue's connections.
const logAfterMs = 20_000
const lastReportMs = 1_000
// What could not be written in an outage is written after it.
const unsavedMinutes = 120
/** The source of the figures of the queue itself, which one process writes for all. */
export const queueSource = 'queue'

/** The state of a process, as it has written it. Times are milliseconds since 1970. */
export interface ProcessReport {
  /** The apps that run in it, such as `worker`. */
  readonly apps: readonly string[]
  readonly host: string
  readonly pid: number
  readonly release: string
  readonly startedAt: number
  /** How many processes it stands for: more than 1 with INGEST_PROCESSES. */
  readonly processes: number
  /** The checks of /readyz, with what is missing and what to do. */
  readonly checks: readonly {
    readonly app: string
    readonly name: string
    readonly problem?: string | undefined
  }[]
  /** Fingerprints of the signing secrets; undefined where it needs none. */
  readonly secrets?: readonly string[] | undefined
}

/** An app of a process, and what only the app knows of it. */
export interface ReportedApp {
  readonly name: string
  readonly checks: readonly Check[]
  /** Fingerprints of its signing secrets, never the secrets. */
  readonly secrets?: readonly string[]
  readonly processes?: number
  /** Its metrics, where they are those of several processes. Default: those of the registry. */
  readonly readMetrics?: () => Promise<Metrics>
}

export interface Reporting {
  /** Writes the last figures and takes the app out of the report, within a second. */
  stop(): Promise<void>
}

interface Member {
  readonly app: ReportedApp
  readonly opened: OpenQueue
}

interface Reporter {
  join(member: Member): void
  leave(member: Member): Promise<void>
}

const reporters = new WeakMap<Registry, Reporter>()

/**
 * Writes every 10 s to the queue what this process is, and what its metrics have counted, for the
 * console. Apps with one registry are one process and have one report. A queue that is unavailable
 * disturbs nothing: what was counted is written afterwards.
 */
export function reportProcess(
  ops: Ops,
  opened: OpenQueue,
  app: ReportedApp,
  { everyMs = usualPeriodMs } = {},
): Reporting {
  const reporter = reporters.get(ops.registry) ?? createReporter(ops, everyMs)
  reporters.set(ops.registry, reporter)
  const member = { app, opened }
  reporter.join(member)
  return { stop: () => reporter.leave(member) }
}

function createReporter({ registry, logger }: Ops, everyMs: number): Reporter {
  const id = randomBytes(6).toString('hex')
  const about = {
    host: hostname(),
    pid: process.pid,
    release: readVersion(),
    startedAt: Math.round(Date.now() - process.uptime() * 1_000),
  }
  const members = new Set<Member>()
  const figures = createFigures(id)
  let readAge: { of: OpenQueue; read: () => Promise<number> } | undefined
  let claimed = 0
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  // So many apps are in the last report; 0 when it is to be replaced soon.
  let reported = 0
  let isLogged = false
  let lastSuccess = Date.now()
  let joinedAt = Date.now()

  async function describe(): Promise<ProcessReport> {
    const apps = [...members].map(({ app }) => app)
    const checks = apps.flatMap((app) =>
      app.checks.map(async (check) => {
        const { problem } = await runCheck(check)
        return { app: app.name, name: check.name, problem }
      }),
    )
    return {
      ...about,
      apps: apps.map(({ name }) => name),
      processes: Math.max(...apps.map(({ processes = 1 }) => processes)),
      checks: await Promise.all(checks),
      secrets: apps.find(({ secrets }) => secrets)?.secrets,
    }
  }

  async function count(): Promise<void> {
    const [member] = members
    const read = member?.app.readMetrics ?? (() => readSeriesMetrics(registry))
    figures.add(countMetrics(await read()))
  }

  /** The minute that this process is to sample for all; undefined where another does it, or has done it. */
  async function claimMinute(store: ReportStore): Promise<number | undefined> {
    const minute = minuteOf(Date.now())
    if (minute === claimed) return undefined
    const isOurs = await store.claimMinute(minute, queueSource)
    claimed = minute
    return isOurs ? minute : undefined
  }

  /** Counts how much waits. */
  async function sampleQueue(store: ReportStore, opened: OpenQueue, minute: number): Promise<void> {
    if (readAge?.of !== opened) readAge = { of: opened, read: watchOldestWaiting(opened) }
    const [depth, oldestMs] = await Promise.all([readQueueDepth(opened), readAge.read()])
    const sample = JSON.stringify({ ...depth, oldestMs })
    await store.saveMinutes(queueSource, new Map([[minute, sample]]))
  }

  /** Whether every check passes. */
  async function report(): Promise<boolean> {
    const [member] = members
    if (!member) return true
    await count()
    const store = reportStoreOf(member.opened)
    // It fails until the queue has connected. What the checks say before is no news.
    const minute = await claimMinute(store)
    const described = await describe()
    await Promise.all([store.announce(id, JSON.stringify(described)), figures.save(store)])
    if (minute !== undefined) await sampleQueue(store, member.opened, minute)
    return described.checks.every(({ problem }) => problem === undefined)
  }

  async function tryToReport(): Promise<void> {
    try {
      const { size } = members
      const isReady = await report()
      reported = isReady || Date.now() - joinedAt > startMs ? size : 0
      lastSuccess = Date.now()
      isLogged = false
    } catch (error) {
      if (isLogged || Date.now() - lastSuccess < logAfterMs) return
      isLogged = true
      logger.warn(
        { error },
        "the console can't show this process: its report could not be written to the queue",
      )
    }
  }

  function schedule(delayMs: number): void {
    timer = setTimeout(() => {
      running = tryToReport().finally(() => {
        running = undefined
        if (members.size > 0) schedule(reported < members.size ? firstRetryMs : everyMs)
      })
    }, delayMs).unref()
  }

  async function finish({ opened }: Member): Promise<void> {
    await running
    const store = reportStoreOf(opened)
    await Promise.all([figures.save(store), store.retract(id)])
  }

  return {
    join(member) {
      members.add(member)
      joinedAt = Date.now()
      if (running) return
      clearTimeout(timer)
      schedule(0)
    },
    async leave(member) {
      if (!members.has(member)) return
      await count().catch(() => undefined)
      members.delete(member)
      reported = Math.min(reported, members.size)
      if (members.size > 0) return
      clearTimeout(timer)
      reporters.delete(registry)
      await waitAtMost(
        finish(member).catch(() => undefined),
        lastReportMs,
      )
    },
  }
}

const minuteOf = (ms: number) => Math.floor(ms / 60_000)

/** What a process counts, by minute, until the queue has it. */
function createFigures(source: string) {
  let before: Counts = {}
  const minutes = new Map<number, Counts>()
  const unsaved = new Set<number>()
  return {
    add(now: Counts): void {
      const difference = countsSince(before, now)
      // Two readings may end in the other order.
      before = addCounts(before, difference)
      if (Object.keys(difference).length === 0) return
      const minute = minuteOf(Date.now())
      minutes.set(minute, addCounts(minutes.get(minute) ?? {}, difference))
      unsaved.add(minute)
      const oldest = minute - unsavedMinutes
      for (const one of minutes.keys()) {
        if (one < oldest || (one < minute && !unsaved.has(one))) minutes.delete(one)
        if (one < oldest) unsaved.delete(one)
      }
    },
    /** It writes what each minute has in all: to write it twice changes nothing. */
    async save(store: ReportStore): Promise<void> {
      const saved = [...unsaved].map((minute) => [minute, minutes.get(minute) ?? {}] as const)
      if (saved.length === 0) return
      const texts = saved.map(([minute, counts]) => [minute, JSON.stringify(counts)] as const)
      await store.saveMinutes(source, new Map(texts))
      for (const [minute, counts] of saved) {
        if (minutes.get(minute) === counts) unsaved.delete(minute)
      }
    },
  }
}
